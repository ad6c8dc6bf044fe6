#include "train/embedding_attack.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "core/error.h"
#include "tests/train/small_run.h"
#include "train/trainer.h"

namespace heddle {
namespace {

/// loss = Σ table² / 2 + table · other, so that g = table + other and everything is known.
struct Quadratic {
  Variable table = Variable(Tensor::from<double>({3.0, 4.0}, {2, 1}), true);
  Variable other = Variable(Tensor::from<double>({0.0, 0.0}, {2, 1}), true);
  std::vector<std::vector<double>> seen;  // the table at each pass

  std::vector<NamedParameter> parameters() const {
    return {{"text.embedding.weight", table}, {"other", other}};
  }
  void add_gradients() {
    seen.push_back(table.value().to_vector<double>());
    Tape tape;
    tape.backward(sum(0.5 * square(table) + table * other));
  }
};

TEST(EmbeddingAttack, FgmMovesAlongTheGradientAndAddsTheSecondOne) {
  Quadratic loss;
  EmbeddingAttack attack({.kind = AttackKind::fgm, .epsilon = 0.5}, loss.parameters());
  loss.add_gradients();  // g = (3, 4), norm 5
  attack.run([&] { loss.add_gradients(); });
  ASSERT_EQ(loss.seen.size(), 2u);
  EXPECT_NEAR(loss.seen[1][0], 3.0 + 0.5 * 0.6, 1e-12);
  EXPECT_NEAR(loss.seen[1][1], 4.0 + 0.5 * 0.8, 1e-12);
  EXPECT_EQ(loss.table.value().to_vector<double>(), (std::vector<double>{3.0, 4.0}));
  const std::vector<double> table = loss.table.grad().value().to_vector<double>();
  EXPECT_NEAR(table[0], 3.0 + 3.3, 1e-12);
  EXPECT_NEAR(table[1], 4.0 + 4.4, 1e-12);
  const std::vector<double> other = loss.other.grad().value().to_vector<double>();
  EXPECT_NEAR(other[0], 3.0 + 3.3, 1e-12);
}

TEST(EmbeddingAttack, PgdStaysWithinItsDistanceAndCountsTheLastGradient) {
  Quadratic loss;
  EmbeddingAttack attack({.kind = AttackKind::pgd, .epsilon = 0.5, .step = 0.3, .steps = 3},
                         loss.parameters());
  loss.add_gradients();
  attack.run([&] { loss.add_gradients(); });
  ASSERT_EQ(loss.seen.size(), 4u);
  // The gradient points from the origin through (3, 4): all moves are along (0.6, 0.8).
  for (const auto& [pass, distance] : {std::pair{1, 0.3}, std::pair{2, 0.5}, std::pair{3, 0.5}}) {
    const std::vector<double>& at = loss.seen[static_cast<std::size_t>(pass)];
    EXPECT_NEAR(at[0], 3.0 + 0.6 * distance, 1e-9) << pass;
    EXPECT_NEAR(at[1], 4.0 + 0.8 * distance, 1e-9) << pass;
  }
  EXPECT_NEAR(loss.table.grad().value().to_vector<double>()[0], 3.0 + 3.3, 1e-9);
  EXPECT_EQ(loss.table.value().to_vector<double>(), (std::vector<double>{3.0, 4.0}));
}

TEST(EmbeddingAttack, NeedsATable) {
  const std::vector<NamedParameter> none = {{"linear.weight", Variable(Tensor::zeros({2, 2}))}};
  EXPECT_THROW(EmbeddingAttack({.kind = AttackKind::fgm}, none), InputError);
}

TEST(EmbeddingAttack, TrainsReproduciblyAndResumes) {
  RunConfig config = small_config();
  config.train.attack.kind = AttackKind::pgd;
  config.train.max_steps = 6;
  EXPECT_EQ(to_toml(parse_run_config(to_toml(config), "again")), to_toml(config));
  const LoadedData data = load_data(config.data);
  Trainer whole(config, data.dataset);
  Trainer first(config, data.dataset);
  for (int step = 0; step < 3; ++step) {
    whole.step();
    first.step();
  }
  Trainer second(config, data.dataset);
  second.restore(first.snapshot());
  for (int step = 0; step < 3; ++step) {
    whole.step();
    second.step();
  }
  EXPECT_EQ(weights_sha256(second.parameters()), weights_sha256(whole.parameters()));
  config.train.attack.kind = AttackKind::none;
  Trainer plain(config, data.dataset);
  for (int step = 0; step < 6; ++step) {
    plain.step();
  }
  EXPECT_NE(weights_sha256(plain.parameters()), weights_sha256(whole.parameters()));
}

}  // namespace
}  // namespace heddle
