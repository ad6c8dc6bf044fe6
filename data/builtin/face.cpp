#include "data/builtin/face.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/builtin/canvas.h"

namespace heddle {
namespace {

float between(Generator& generator, float low, float high) {
  return low + (high - low) * generator.uniform();
}

Colour colour_between(Generator& generator, float low, float high) {
  const float red = between(generator, low, high);
  const float green = between(generator, low, high);
  const float blue = between(generator, low, high);
  return {red, green, blue};
}

/// Where a face is: (0, 0) its middle, (1, 0) its right edge, (0, 1) its chin.
struct Pose {
  Point centre;
  float radius = 1;
  float tilt = 0;

  Point at(float across, float down) const {
    const float cosine = std::cos(tilt);
    const float sine = std::sin(tilt);
    return {centre.x + radius * (across * cosine - down * sine),
            centre.y + radius * (across * sine + down * cosine)};
  }
};

void draw_eye(Canvas& canvas, const Pose& pose, float across, bool closed, Colour ink) {
  constexpr float height = -0.26f;
  const Point centre = pose.at(across, height);
  if (closed) {
    const std::array<Point, 2> ends = {pose.at(across - 0.22f, height),
                                       pose.at(across + 0.22f, height)};
    canvas.line(ends, 0.12f * pose.radius, ink);
    return;
  }
  canvas.ellipse(centre, {0.17f * pose.radius, 0.26f * pose.radius}, pose.tilt, ink);
}

void draw_mouth(Canvas& canvas, const Pose& pose, int mouth, float depth, float width, Colour ink) {
  constexpr int pieces = 12;
  std::array<Point, pieces + 1> points;
  for (int i = 0; i <= pieces; ++i) {
    // A parabola; down is positive, so a smile is lowest in the middle.
    const float u = 2.0f * static_cast<float>(i) / pieces - 1.0f;
    points[static_cast<std::size_t>(i)] =
        pose.at(0.5f * u, 0.45f + static_cast<float>(mouth) * depth * (0.5f - u * u));
  }
  canvas.line(points, width, ink);
}

/// Adds even noise of ±`reach` to every number and rounds to multiples of 1/255.
void roughen(std::vector<float>& planes, float reach, Generator& generator) {
  for (std::size_t i = 0; i < planes.size(); i += 4) {
    const std::uint32_t word = generator.word();
    for (std::size_t k = 0; k < 4 && i + k < planes.size(); ++k) {
      const float byte = static_cast<float>(word >> (8 * k) & 255u);
      const float noisy = planes[i + k] + reach * (byte / 127.5f - 1.0f);
      planes[i + k] = std::floor(std::clamp(noisy, 0.0f, 1.0f) * 255.0f + 0.5f) / 255.0f;
    }
  }
}

}  // namespace

std::vector<float> draw_face(int mouth, bool wink, std::int64_t side, Generator& generator) {
  const float room = static_cast<float>(side);
  Canvas canvas(side);
  const Colour top = colour_between(generator, 0.05f, 0.95f);
  const Colour bottom = colour_between(generator, 0.05f, 0.95f);
  const Colour skin = colour_between(generator, 0.55f, 1.0f);
  const Colour ink = colour_between(generator, 0.0f, 0.2f);
  Pose pose;
  pose.radius = between(generator, 0.31f, 0.42f) * room;
  pose.centre.x = between(generator, pose.radius + 0.5f, room - pose.radius - 0.5f);
  pose.centre.y = between(generator, pose.radius + 0.5f, room - pose.radius - 0.5f);
  pose.tilt = between(generator, -0.15f, 0.15f);
  const bool left_eye_winks = generator.bernoulli(0.5);
  const float depth = between(generator, 0.28f, 0.4f);
  const float width = between(generator, 0.12f, 0.17f) * pose.radius;

  canvas.fill_gradient(top, bottom);
  canvas.ellipse(pose.centre, {pose.radius, pose.radius}, 0.0f, skin);
  draw_eye(canvas, pose, -0.4f, wink && left_eye_winks, ink);
  draw_eye(canvas, pose, 0.4f, wink && !left_eye_winks, ink);
  draw_mouth(canvas, pose, mouth, depth, width, ink);
  std::vector<float> planes = canvas.take_planes();
  roughen(planes, 0.04f, generator);
  return planes;
}

}  // namespace heddle
