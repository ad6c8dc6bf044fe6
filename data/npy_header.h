#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// The words of a .npy header, understood as text but not yet believed.
struct UncheckedNpyHeader {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;  // each 0 … 2^48
  std::int64_t descr_at = 0;        // byte of the file where the value stands, for errors
  std::int64_t shape_at = 0;
};

/// Understands the Python dictionary of a .npy header by a grammar of its own:
///   { 'descr': 'string', 'fortran_order': True|False, 'shape': (n, n, …) }
/// the keys in any order, each exactly once; a comma may trail, an integer may end in L (Python 2).
/// `offset` is where `text` begins in the file. Errors (InputError): file, byte, what was expected.
UncheckedNpyHeader parse_npy_header(std::string_view text, std::int64_t offset,
                                    const std::string& file_name);

}  // namespace heddle
