#include "data/image_file.h"

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

// libjpeg's header needs the one above it.
#include <jpeglib.h>
#include <png.h>

#include <csetjmp>

#include "core/error.h"

namespace heddle {
namespace {

constexpr std::int64_t largest_file = std::int64_t{256} << 20;
constexpr std::int64_t most_pixels = std::int64_t{1} << 26;

/// Pixels with their channels side by side.
struct Pixels {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::uint8_t> bytes;
};

void check_size(const InputFile& file, std::int64_t height, std::int64_t width) {
  check<InputError>(height > 0 && width > 0 && width <= most_pixels / height, file.name(),
                    ": the picture has ", width, "×", height, " pixels, expected at most ",
                    most_pixels);
}

Pixels read_png(const InputFile& file, const std::string& bytes, std::int64_t channels) {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) {
    fail<InputError>(file.name(), ": not a PNG picture that can be read: ", image.message);
  }
  Pixels pixels{image.height, image.width, {}};
  try {
    check_size(file, pixels.height, pixels.width);
    image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    pixels.bytes.resize(PNG_IMAGE_SIZE(image));
  } catch (...) {
    png_image_free(&image);
    throw;
  }
  const png_color black = {0, 0, 0};
  if (png_image_finish_read(&image, &black, pixels.bytes.data(), 0, nullptr) == 0) {
    fail<InputError>(file.name(), ": the PNG picture is damaged: ", image.message);
  }
  return pixels;
}

/// libjpeg's errors jump; what they say is kept for the one who set the jump.
struct JpegErrors {
  jpeg_error_mgr base;  // first, so that the library's pointer is one to all of it
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];

  static void on_error(j_common_ptr info) {
    auto* self = reinterpret_cast<JpegErrors*>(info->err);
    info->err->format_message(info, self->message);
    std::longjmp(self->jump, 1);
  }
  static void on_message(j_common_ptr info, int level) {
    if (level < 0) {  // a warning: damaged data
      on_error(info);
    }
  }
};

/// What is alive across the jumps; nothing with a destructor is made between setjmp and its end.
struct JpegDecoder {
  jpeg_decompress_struct info = {};
  JpegErrors errors = {};

  JpegDecoder() {
    info.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = JpegErrors::on_error;
    errors.base.emit_message = JpegErrors::on_message;
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() { jpeg_destroy_decompress(&info); }

  bool read_header(const std::string& bytes, std::int64_t channels) {
    if (setjmp(errors.jump) != 0) {
      return false;
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&info, TRUE);
    info.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    return true;
  }
  bool read_rows(std::uint8_t* out, std::int64_t row_bytes) {
    if (setjmp(errors.jump) != 0) {
      return false;
    }
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
      JSAMPROW row = out + static_cast<std::int64_t>(info.output_scanline) * row_bytes;
      jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    return true;
  }
};

Pixels read_jpeg(const InputFile& file, const std::string& bytes, std::int64_t channels) {
  JpegDecoder decoder;
  check<InputError>(decoder.read_header(bytes, channels), file.name(),
                    ": not a JPEG picture that can be read: ", decoder.errors.message);
  Pixels pixels{decoder.info.image_height, decoder.info.image_width, {}};
  check_size(file, pixels.height, pixels.width);
  pixels.bytes.resize(static_cast<std::size_t>(pixels.height * pixels.width * channels));
  check<InputError>(decoder.read_rows(pixels.bytes.data(), pixels.width * channels), file.name(),
                    ": the JPEG picture is damaged: ", decoder.errors.message);
  return pixels;
}

}  // namespace

Tensor read_image(const InputFile& file, std::int64_t channels) {
  check(channels == 1 || channels == 3, "read_image: ", channels, " channels, expected 1 or 3");
  check<InputError>(file.size() <= largest_file, file.name(), ": the file has ", file.size(),
                    " bytes, expected at most ", largest_file);
  const std::string bytes = file.read_text(0, file.size());
  const bool is_png = bytes.starts_with("\x89PNG");
  const bool is_jpeg = bytes.starts_with("\xFF\xD8\xFF");
  check<InputError>(is_png || is_jpeg, file.name(), ": byte 0: expected a PNG or JPEG picture");
  const Pixels pixels = is_png ? read_png(file, bytes, channels) : read_jpeg(file, bytes, channels);
  Tensor result = Tensor::empty({channels, pixels.height, pixels.width});
  float* out = result.mutable_data<float>("read_image");
  const std::int64_t plane = pixels.height * pixels.width;
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::int64_t i = 0; i < plane; ++i) {
      *out++ =
          static_cast<float>(pixels.bytes[static_cast<std::size_t>(i * channels + c)]) / 255.0f;
    }
  }
  return result;
}

}  // namespace heddle
