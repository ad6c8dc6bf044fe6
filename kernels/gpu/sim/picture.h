#pragma once

#include <string>
#include <vector>

#include "kernels/gpu/sim/profile.h"

namespace heddle::sim {

/// The line that wastes most in that space: most sectors (passes) above its ideal in total; where
/// none wastes any, the one with most of them. Null where no kernel reaches that space.
const LineAccess* worst_line(const std::vector<LaunchProfile>& kernels, Space space);

/// The line's worst request as one SVG file that needs nothing else, on a white ground of its own:
/// lanes × addresses with the sectors they move (global), or the passes through the 32 banks
/// (shared). It says the title, file and line, the line's text where the source can be read (from
/// the path it was compiled by, or below the working directory), and the figures. The same bytes
/// on every run: addresses are shown relative to each other.
std::string to_svg(const LineAccess& access, const std::string& title);

}  // namespace heddle::sim
