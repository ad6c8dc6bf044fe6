#include <gtest/gtest.h>
#include <png.h>
#include <sndfile.h>

#include <cstdio>
// libjpeg's header needs the one above it.
#include <jpeglib.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "data/folder_dataset.h"
#include "data/image_file.h"
#include "data/wav.h"
#include "tests/core/throws.h"
#include "tests/data/temporary_folder.h"

namespace heddle {
namespace {

using Bytes = std::vector<std::uint8_t>;

void write_png(const std::filesystem::path& path, int height, int width, const Bytes& rgb) {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_RGB;
  ASSERT_NE(png_image_write_to_file(&image, path.c_str(), 0, rgb.data(), 0, nullptr), 0);
}

void write_jpeg(const std::filesystem::path& path, int height, int width, Bytes rgb) {
  jpeg_compress_struct info = {};
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  jpeg_stdio_dest(&info, file);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = rgb.data() + info.next_scanline * static_cast<std::size_t>(width) * 3;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::fclose(file);
}

void write_wav(const std::filesystem::path& path, int rate, const std::vector<short>& stereo) {
  SF_INFO info = {};
  info.samplerate = rate;
  info.channels = 2;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  SNDFILE* sound = sf_open(path.c_str(), SFM_WRITE, &info);
  ASSERT_NE(sound, nullptr);
  sf_writef_short(sound, stereo.data(), static_cast<sf_count_t>(stereo.size() / 2));
  sf_close(sound);
}

TEST(ImageFile, PngIsExact) {
  const TemporaryFolder folder;
  write_png(folder / "a.png", 1, 2, {255, 0, 51, 0, 102, 255});
  const Tensor picture = read_image(InputFile::open(folder / "a.png"), 3);
  EXPECT_EQ(picture.shape(), (Shape{3, 1, 2}));
  const auto values = picture.to_vector<float>();
  EXPECT_EQ(values[0], 1.0f);
  EXPECT_FLOAT_EQ(values[3], 0.4f);
  EXPECT_FLOAT_EQ(values[4], 0.2f);
  EXPECT_EQ(read_image(InputFile::open(folder / "a.png"), 1).shape(), (Shape{1, 1, 2}));
}

TEST(ImageFile, JpegIsNear) {
  const TemporaryFolder folder;
  Bytes rgb;
  for (int i = 0; i < 16 * 16; ++i) {
    rgb.insert(rgb.end(), {200, 100, 50});
  }
  write_jpeg(folder / "a.jpg", 16, 16, rgb);
  const auto values = read_image(InputFile::open(folder / "a.jpg"), 3).to_vector<float>();
  EXPECT_NEAR(values[0], 200.0 / 255.0, 0.02);
  EXPECT_NEAR(values[300], 100.0 / 255.0, 0.02);
  EXPECT_NEAR(values[600], 50.0 / 255.0, 0.02);
}

TEST(ImageFile, DamagedAndCutFilesGiveErrors) {
  const TemporaryFolder folder;
  write_png(folder / "a.png", 8, 8, Bytes(192, 77));
  write_jpeg(folder / "a.jpg", 8, 8, Bytes(192, 77));
  for (const char* name : {"a.png", "a.jpg"}) {
    const std::string whole = bytes_of_file(folder / name);
    for (std::size_t at = 0; at < whole.size(); at += 1) {
      const std::string cut = whole.substr(0, at);
      try {
        static_cast<void>(read_image(InputFile::in_memory(name, cut), 3));
      } catch (const InputError&) {
        continue;
      }
      // The end mark may be missing (12 bytes of a PNG), when all pixels are there.
      EXPECT_GE(at + 12, whole.size()) << name << " cut at " << at;
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string spoilt = whole;
      spoilt[at] = static_cast<char>(spoilt[at] ^ 0x55);
      try {
        static_cast<void>(read_image(InputFile::in_memory(name, spoilt), 3));
      } catch (const InputError&) {
      }
    }
  }
  EXPECT_NE(message_of<InputError>([] {
              static_cast<void>(read_image(InputFile::in_memory("x", "GIF89a"), 3));
            }).find("expected a PNG or JPEG"),
            std::string::npos);
}

TEST(ImageFile, AStatedSizeIsCheckedBeforeItIsAllocated) {
  const TemporaryFolder folder;
  write_jpeg(folder / "a.jpg", 8, 8, Bytes(192, 77));
  std::string bytes = bytes_of_file(folder / "a.jpg");
  const std::size_t frame = bytes.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  bytes.replace(frame + 5, 4, "\xFF\x00\xFF\x00", 4);
  EXPECT_NE(message_of<InputError>([&] {
              static_cast<void>(read_image(InputFile::in_memory("a.jpg", bytes), 3));
            }).find("pixels, expected at most"),
            std::string::npos);
}

TEST(Wav, ChannelsAreAveraged) {
  const TemporaryFolder folder;
  write_wav(folder / "a.wav", 8000, {16384, 0, -16384, -16384});
  const Recording recording = read_wav(InputFile::open(folder / "a.wav"));
  EXPECT_EQ(recording.sample_rate, 8000.0);
  EXPECT_EQ(recording.samples.to_vector<float>(), (std::vector<float>{0.25f, -0.5f}));
  const std::string whole = bytes_of_file(folder / "a.wav");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string spoilt = whole;
    spoilt[at] = static_cast<char>(spoilt[at] ^ 0x55);
    for (const std::string& bytes : {whole.substr(0, at), spoilt}) {
      try {
        static_cast<void>(read_wav(InputFile::in_memory("a.wav", bytes)));
      } catch (const InputError&) {
      }
    }
  }
}

TEST(MediaFiles, AFolderOfRawFilesWithATableIsADataSet) {
  const TemporaryFolder folder;
  write_png(folder / "red.png", 2, 2, {255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0});
  write_jpeg(folder / "grey.jpg", 8, 8, Bytes(192, 128));
  std::vector<short> sound(2 * 800);
  for (std::size_t i = 0; i < sound.size(); ++i) {
    sound[i] = static_cast<short>(8000.0 * std::sin(0.3 * static_cast<double>(i / 2)));
  }
  write_wav(folder / "a.wav", 8000, sound);
  folder.write("clips.csv",
               "text,picture,voice,label\n"
               "\"red, it says\",red.png,a.wav,yes\n"
               "grey,grey.jpg,a.wav,no\n"
               "again,red.png,,yes\n");
  const auto load = [&](const std::string& more) {
    return load_folder_dataset(folder.write(
        "dataset.toml",
        "name = 'n'\n[table]\nfile = 'clips.csv'\n[label]\ncolumn = 'label'\nclasses = 'train'\n"
        "[[modality]]\nname = 'words'\nkind = 'tokens'\ncolumn = 'text'\n"
        "[[modality]]\nname = 'picture'\nkind = 'image'\nfiles = 'picture'\n" +
            more));
  };
  const std::string voice =
      "[[modality]]\nname = 'voice'\nkind = 'sequence'\nfiles = 'voice'\nmissing = 'absent'\n"
      "[modality.log_mel]\nwindow = 256\nhop = 160\nbands = 8\nlow = 100\nhigh = 4000\n"
      "sample_rate = ";
  const Dataset dataset = load("size = [2, 2]\n" + voice + "8000\n");
  const Modality& picture = dataset.modality("picture");
  EXPECT_EQ(picture.info.shape, (Shape{3, 2, 2}));
  EXPECT_EQ(picture.values.size(0), 2);  // the red one is read once
  EXPECT_EQ(picture.rows, (std::vector<std::int64_t>{0, 1, 0}));
  EXPECT_EQ(picture.sample(2).to_vector<float>(),
            (std::vector<float>{1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
  const Modality& sound_of = dataset.modality("voice");
  EXPECT_EQ(sound_of.length(0), 4);  // ⌊(800 − 256)/160⌋ + 1
  EXPECT_EQ(sound_of.present, (std::vector<bool>{true, true, false}));
  EXPECT_EQ(load("size = [2, 2]\ngrey = true\n").modality("picture").info.shape, (Shape{1, 2, 2}));
  EXPECT_NE(message_of<InputError>([&] { load(""); }).find("give size = [height, width]"),
            std::string::npos);
  EXPECT_NE(message_of<InputError>([&] {
              load("size = [2, 2]\n" + voice + "16000\n");
            }).find("recorded at 8000 Hz"),
            std::string::npos);
  folder.write("clips.csv", "text,picture,voice,label\na,../red.png,a.wav,yes\n");
  EXPECT_NE(message_of<InputError>([&] {
              load("size = [2, 2]\n");
            }).find("expected a file in the data folder"),
            std::string::npos);
}

}  // namespace
}  // namespace heddle
