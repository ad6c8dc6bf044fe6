#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/input_file.h"

namespace heddle {

/// The arrays of a NumPy archive (.npz, a zip of .npy files), without ".npy", in the order of the
/// archive. Errors (InputError): not a zip; more than 4,096 members.
std::vector<std::string> npz_names(const InputFile& file);

/// The bytes of one array's .npy file, for `read_npy`. Members must be stored or deflated and
/// unencrypted; what is allocated is the size the archive states, which is refused above 4 GiB, and
/// where deflate could not have made it of so few bytes (1,032 to 1). The CRC-32 is compared.
/// Errors (InputError): no such array (suggests the nearest), or any of these.
std::string read_npz_member(const InputFile& file, std::string_view name);

}  // namespace heddle
