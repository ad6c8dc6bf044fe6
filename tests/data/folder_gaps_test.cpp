#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "data/folder_dataset.h"
#include "data/npy.h"
#include "tests/core/throws.h"
#include "tests/data/temporary_folder.h"

namespace heddle {
namespace {

/// Five patients, the last of the test split, whose laboratory values have gaps.
class FolderGaps : public testing::Test {
 protected:
  FolderGaps() {
    folder_.write("table.tsv",
                  "part\tcrp\tldh\tsex\tpicture\n"
                  "train\t1\t10\tf\t1\n"
                  "train\t\t20\tm\t0\n"
                  "train\t3\tnan\tf\t\n"
                  "train\tinf\t30\td\t1\n"
                  "test\tNA\t-inf\tx\t0\n");
    write_npy(folder_ / "pictures.npy", Tensor::arange(4).to(DType::f32).reshape({2, 1, 2}));
    Tensor numbers = Tensor::from<float>({1, 2, std::nanf(""), 4, 5}, {5, 1});
    write_npy(folder_ / "numbers.npy", numbers);
  }

  Modality load(const std::string& keys, const char* kind = "features") const {
    const auto path = folder_.write(
        "dataset.toml",
        "name = 'n'\n[table]\nfile = 'table.tsv'\n[split]\ncolumn = 'part'\n[[modality]]\n"
        "name = 'x'\nkind = '" +
            std::string(kind) + "'\n" + keys);
    return load_folder_dataset(path).modalities.front();
  }
  std::string error_of(const std::string& keys, const char* kind = "features") const {
    return message_of<InputError>([&] { load(keys, kind); });
  }

  static constexpr const char* columns = "columns = ['crp', 'ldh']\n";
  TemporaryFolder folder_;
};

TEST_F(FolderGaps, AreRefusedWithTheirCountAndFirstPlace) {
  const std::string message = error_of(columns);
  EXPECT_NE(message.find("line 3: column \"crp\" is nan (5 such numbers in all)"),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("missing = \"absent\""), std::string::npos) << message;
  const std::string infinite = error_of(std::string(columns) + "missing = 'mean'\n");
  EXPECT_NE(infinite.find("line 5: column \"crp\" is inf (2 such numbers in all)"),
            std::string::npos)
      << infinite;
  EXPECT_NE(error_of("file = 'numbers.npy'\n").find("element 2 is nan"), std::string::npos);
  EXPECT_NE(error_of("file = 'numbers.npy'\nmissing = 'meen'\n").find("did you mean \"mean\"?"),
            std::string::npos);
  EXPECT_NE(error_of("file = 'pictures.npy'\nrows = 'picture'\nmissing = 'indicator'\n", "image")
                .find("is for kind features alone"),
            std::string::npos);
}

TEST_F(FolderGaps, MeanIsOfTheTrainingSplitAndLimitOfItsMostExtreme) {
  const Modality x = load(std::string(columns) + "missing = 'mean'\nnot_finite = 'limit'\n");
  // crp in training: 1, 3 and inf, which becomes 3: mean 7/3. ldh: 10, 20, 30.
  const auto values = x.values.to_vector<float>();
  EXPECT_FLOAT_EQ(values[2], 7.0f / 3.0f);
  EXPECT_FLOAT_EQ(values[6], 3.0f);
  EXPECT_FLOAT_EQ(values[5], 20.0f);
  EXPECT_FLOAT_EQ(values[8], 7.0f / 3.0f);
  EXPECT_FLOAT_EQ(values[9], 10.0f);
  EXPECT_TRUE(x.present.empty());
}

TEST_F(FolderGaps, IndicatorsAddAFeatureForEachColumn) {
  const Modality x = load(std::string(columns) +
                          "missing = 'indicator'\nnot_finite = 'indicator'\nstandardise = true\n");
  ASSERT_EQ(x.info.shape, (Shape{4}));
  const auto values = x.values.to_vector<float>();
  const auto row = [&](std::size_t r) {
    return std::vector<float>(values.begin() + static_cast<std::ptrdiff_t>(4 * r),
                              values.begin() + static_cast<std::ptrdiff_t>(4 * r + 4));
  };
  // crp known in training: 1, 3 (mean 2, deviation 1); ldh: 10, 20, 30 (deviation √(200/3)).
  const float ldh = 10.0f / std::sqrt(200.0f / 3.0f);
  EXPECT_EQ(row(0)[0], -1.0f);
  EXPECT_FLOAT_EQ(row(0)[1], -ldh);
  EXPECT_EQ(row(1), (std::vector<float>{0, 0, 1, 0}));
  EXPECT_EQ(row(2), (std::vector<float>{1, 0, 0, 1}));
  EXPECT_FLOAT_EQ(row(3)[1], ldh);
  EXPECT_EQ(row(3)[2], 1.0f);
  EXPECT_EQ(row(4), (std::vector<float>{0, 0, 1, 1}));
  EXPECT_EQ(x.info.standardisation.raw(row(1)[2], 2), 1.0f);
}

TEST_F(FolderGaps, AbsentTakesTheWholeModalityAway) {
  const Modality x =
      load(std::string(columns) + "missing = 'absent'\nnot_finite = 'zero'\nstandardise = true\n");
  EXPECT_EQ(x.present, (std::vector<bool>{true, false, false, true, false}));
  const Modality numbers = load("file = 'numbers.npy'\nmissing = 'absent'\n");
  EXPECT_EQ(numbers.present, (std::vector<bool>{true, true, false, true, true}));
}

TEST_F(FolderGaps, AnEmptyRowIsAnAbsentPicture) {
  const Modality picture =
      load("file = 'pictures.npy'\nrows = 'picture'\nmissing = 'absent'\n", "image");
  EXPECT_EQ(picture.values.size(0), 2);  // shared, not copied
  EXPECT_EQ(picture.rows, (std::vector<std::int64_t>{1, 0, 0, 1, 0}));
  EXPECT_EQ(picture.present, (std::vector<bool>{true, true, false, true, true}));
  EXPECT_NE(error_of("file = 'pictures.npy'\nrows = 'picture'\n", "image")
                .find("line 4: column \"picture\" has"),
            std::string::npos);
}

TEST_F(FolderGaps, StandardisationWeighsARowByTheSamplesThatShareIt) {
  const Modality picture = load(
      "file = 'pictures.npy'\nrows = 'picture'\nmissing = 'absent'\nstandardise = true\n", "image");
  // Training pictures: row 1 twice (pixels 2, 3), row 0 once (0, 1): mean 11/6.
  EXPECT_FLOAT_EQ(picture.info.standardisation.mean[0], 11.0f / 6.0f);
}

TEST_F(FolderGaps, APowerIsTakenWithItsSignBeforeStandardising) {
  // Training pictures: pixels 2, 3 twice and 0, 1 once.
  const std::string file = "file = 'pictures.npy'\nrows = 'picture'\nmissing = 'absent'\n";
  const Modality plain = load(file + "power = 0.5\n", "image");
  EXPECT_EQ(plain.info.standardisation.power, 0.5f);
  EXPECT_FLOAT_EQ(plain.values.to_vector<float>()[2], std::sqrt(2.0f));
  const Modality standard = load(file + "power = 0.5\nstandardise = true\n", "image");
  const Standardisation& known = standard.info.standardisation;
  EXPECT_FLOAT_EQ(known.mean[0], (2 * std::sqrt(2.0f) + 2 * std::sqrt(3.0f) + 1) / 6);
  EXPECT_FLOAT_EQ(standard.values.to_vector<float>()[3],
                  (std::sqrt(3.0f) - known.mean[0]) * known.scale[0]);
  EXPECT_FLOAT_EQ(known.stored(-4.0f, 0), (-2.0f - known.mean[0]) * known.scale[0]);
  EXPECT_NEAR(known.raw(known.stored(-4.0f, 0), 0), -4.0f, 1e-5f);
  EXPECT_NE(error_of("file = 'numbers.npy'\nmissing = 'zero'\npower = 0\n").find("power"),
            std::string::npos);
}

TEST_F(FolderGaps, StandardisedFeaturesTakeTheDeviationAskedFor) {
  const std::string file = "file = 'pictures.npy'\nrows = 'picture'\nmissing = 'absent'\n";
  const Modality one = load(file + "standardise = true\n", "image");
  const Modality small = load(file + "standardise = true\ndeviation = 0.05\n", "image");
  const std::vector<float> wide = one.values.to_vector<float>();
  const std::vector<float> narrow = small.values.to_vector<float>();
  ASSERT_EQ(wide.size(), narrow.size());
  for (std::size_t i = 0; i < wide.size(); ++i) {
    EXPECT_NEAR(narrow[i], 0.05f * wide[i], 1e-6f);
  }
  EXPECT_NEAR(small.info.standardisation.raw(narrow[3], 0),
              one.info.standardisation.raw(wide[3], 0), 1e-5f);
  EXPECT_NE(error_of("file = 'numbers.npy'\nmissing = 'zero'\ndeviation = 0.05\n")
                .find("goes with standardise"),
            std::string::npos);
  EXPECT_NE(error_of("file = 'numbers.npy'\nmissing = 'zero'\nstandardise = true\ndeviation = 0\n")
                .find("deviation"),
            std::string::npos);
}

TEST_F(FolderGaps, CategoriesAreThoseOfTheTrainingSplit) {
  const Modality x = load(
      "columns = ['ldh']\ncategories = ['sex']\nmissing = 'zero'\n"
      "not_finite = 'zero'\n");
  EXPECT_EQ(x.info.shape, (Shape{4}));  // ldh; d, f, m
  EXPECT_EQ(x.sample(0).to_vector<float>(), (std::vector<float>{10, 0, 1, 0}));
  EXPECT_EQ(x.sample(3).to_vector<float>(), (std::vector<float>{30, 1, 0, 0}));
  EXPECT_EQ(x.sample(4).to_vector<float>(), (std::vector<float>{0, 0, 0, 0}));
}

}  // namespace
}  // namespace heddle
