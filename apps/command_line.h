#pragma once

namespace heddle {

/// Reads the command line, runs the command, and returns the exit code. Errors: UsageError and
/// whatever the command throws.
int run_command_line(int count, const char* const* arguments);

}  // namespace heddle
