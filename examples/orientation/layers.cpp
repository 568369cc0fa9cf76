// Training's layers for one thread: depthwise and 1 x 1 convolutions and batch norm with hardswish,
// forward and backward, of float32 pictures x rows x columns x channels; channels are a multiple
// of 8. `fused.py` compiles and calls them.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace {

using Float8 = float __attribute__((vector_size(32), aligned(4)));
using Float16 = float __attribute__((vector_size(64), aligned(4)));

template <class V>
constexpr int64_t kLanes = sizeof(V) / sizeof(float);

template <class V>
V load(const float* from) {
  return *reinterpret_cast<const V*>(from);
}

template <class V>
void store(V value, float* to) {
  *reinterpret_cast<V*>(to) = value;
}

// Calls function(V(), first channel) for all channels, with the longest vectors that fit.
template <class Function>
void for_channels(int64_t channels, const Function& function) {
  int64_t c = 0;
  for (; c + 16 <= channels; c += 16) function(Float16(), c);
  if (c < channels) function(Float8(), c);
}

// ---- depthwise convolution ------------------------------------------------------------------

struct Window {
  int64_t rows, columns, channels;  // of the output
  int64_t row_step, column_step;    // strides
  int64_t padded_columns;           // of the padded input
};

// One picture into `to`, with zeros around and, for strides, between its pixels.
void spread(const float* from, int64_t rows, int64_t columns, int64_t channels, int64_t row_step,
            int64_t column_step, int64_t padding, int64_t padded_columns, float* to) {
  for (int64_t y = 0; y < rows; ++y) {
    float* line = to + ((y * row_step + padding) * padded_columns + padding) * channels;
    if (column_step == 1) {
      std::copy_n(from + y * columns * channels, columns * channels, line);
      continue;
    }
    for (int64_t x = 0; x < columns; ++x) {
      std::copy_n(from + (y * columns + x) * channels, channels, line + x * column_step * channels);
    }
  }
}

template <int K>
void convolve(const float* padded, const float* taps, const Window& w, float* to) {
  for_channels(w.channels, [&]<class V>(V, int64_t c) {
    V tap[K * K];
    for (int k = 0; k < K * K; ++k) tap[k] = load<V>(taps + k * w.channels + c);
    for (int64_t y = 0; y < w.rows; ++y) {
      for (int64_t x = 0; x < w.columns; ++x) {
        const float* from =
            padded + c + (y * w.row_step * w.padded_columns + x * w.column_step) * w.channels;
        V sum{};
        for (int i = 0; i < K; ++i) {
          for (int j = 0; j < K; ++j) {
            sum += tap[i * K + j] * load<V>(from + (i * w.padded_columns + j) * w.channels);
          }
        }
        store(sum, to + (y * w.columns + x) * w.channels + c);
      }
    }
  });
}

template <int K>
void tap_gradients(const float* padded, const float* gradient, const Window& w, float* taps) {
  for_channels(w.channels, [&]<class V>(V, int64_t c) {
    V tap[K * K];
    for (int k = 0; k < K * K; ++k) tap[k] = load<V>(taps + k * w.channels + c);
    for (int64_t y = 0; y < w.rows; ++y) {
      for (int64_t x = 0; x < w.columns; ++x) {
        const float* from =
            padded + c + (y * w.row_step * w.padded_columns + x * w.column_step) * w.channels;
        const V g = load<V>(gradient + (y * w.columns + x) * w.channels + c);
        for (int i = 0; i < K; ++i) {
          for (int j = 0; j < K; ++j) {
            tap[i * K + j] += g * load<V>(from + (i * w.padded_columns + j) * w.channels);
          }
        }
      }
    }
    for (int k = 0; k < K * K; ++k) store(tap[k], taps + k * w.channels + c);
  });
}

int64_t outputs(int64_t inputs, int64_t step) { return (inputs - 1) / step + 1; }

template <int K>
void depthwise_forward(const float* x, const float* weights, int64_t pictures, int64_t rows,
                       int64_t columns, int64_t channels, int64_t row_step, int64_t column_step,
                       float* to) {
  constexpr int64_t kPadding = K / 2;
  const Window w{
      outputs(rows, row_step), outputs(columns, column_step), channels, row_step, column_step,
      columns + 2 * kPadding};
  std::vector<float> padded((rows + 2 * kPadding) * w.padded_columns * channels);
  std::vector<float> taps(K * K * channels);
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t k = 0; k < K * K; ++k) taps[k * channels + c] = weights[c * K * K + k];
  }
  for (int64_t n = 0; n < pictures; ++n) {
    spread(x + n * rows * columns * channels, rows, columns, channels, 1, 1, kPadding,
           w.padded_columns, padded.data());
    convolve<K>(padded.data(), taps.data(), w, to + n * w.rows * w.columns * channels);
  }
}

template <int K>
void depthwise_backward(const float* x, const float* weights, const float* gradient,
                        int64_t pictures, int64_t rows, int64_t columns, int64_t channels,
                        int64_t row_step, int64_t column_step, float* dx, float* dweights) {
  constexpr int64_t kPadding = K / 2;
  const Window w{
      outputs(rows, row_step), outputs(columns, column_step), channels, row_step, column_step,
      columns + 2 * kPadding};
  const Window back{rows, columns, channels, 1, 1, w.padded_columns};
  const int64_t size = (rows + 2 * kPadding) * w.padded_columns * channels;
  std::vector<float> padded(size), dilated(size), flipped(K * K * channels), sums(K * K * channels);
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t k = 0; k < K * K; ++k) {
      flipped[(K * K - 1 - k) * channels + c] = weights[c * K * K + k];
    }
  }
  for (int64_t n = 0; n < pictures; ++n) {
    const float* g = gradient + n * w.rows * w.columns * channels;
    spread(x + n * rows * columns * channels, rows, columns, channels, 1, 1, kPadding,
           w.padded_columns, padded.data());
    tap_gradients<K>(padded.data(), g, w, sums.data());
    spread(g, w.rows, w.columns, channels, row_step, column_step, kPadding, w.padded_columns,
           dilated.data());
    convolve<K>(dilated.data(), flipped.data(), back, dx + n * rows * columns * channels);
  }
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t k = 0; k < K * K; ++k) dweights[c * K * K + k] = sums[k * channels + c];
  }
}

// ---- 1 x 1 convolution ----------------------------------------------------------------------

// R rows of `to` = rows of `a` (depth wide) times `b` (depth x columns), in N vectors of columns.
template <int R, int N, class V>
void product_tile(const float* a, int64_t depth, const float* b, int64_t columns, float* to) {
  V sum[R][N] = {};
  for (int64_t k = 0; k < depth; ++k) {
    V right[N];
    for (int j = 0; j < N; ++j) right[j] = load<V>(b + k * columns + j * kLanes<V>);
    for (int i = 0; i < R; ++i) {
      for (int j = 0; j < N; ++j) sum[i][j] += a[i * depth + k] * right[j];
    }
  }
  for (int i = 0; i < R; ++i) {
    for (int j = 0; j < N; ++j) store(sum[i][j], to + i * columns + j * kLanes<V>);
  }
}

template <int R>
void product_rows(const float* a, int64_t depth, const float* b, int64_t columns, float* to) {
  int64_t c = 0;
  for (; c + 32 <= columns; c += 32) product_tile<R, 2, Float16>(a, depth, b + c, columns, to + c);
  for (; c + 16 <= columns; c += 16) product_tile<R, 1, Float16>(a, depth, b + c, columns, to + c);
  for (; c + 8 <= columns; c += 8) product_tile<R, 1, Float8>(a, depth, b + c, columns, to + c);
}

// to[rows x columns] = a[rows x depth] b[depth x columns]
void product(const float* a, const float* b, int64_t rows, int64_t depth, int64_t columns,
             float* to) {
  int64_t r = 0;
  for (; r + 12 <= rows; r += 12) {
    product_rows<12>(a + r * depth, depth, b, columns, to + r * columns);
  }
  for (; r < rows; ++r) product_rows<1>(a + r * depth, depth, b, columns, to + r * columns);
}

// R rows of `to` += the transpose of R columns of `a` (rows x height) times `b` (rows x width).
template <int R, int N, class V>
void outer_tile(const float* a, int64_t height, const float* b, int64_t width, int64_t rows,
                float* to) {
  V sum[R][N];
  for (int i = 0; i < R; ++i) {
    for (int j = 0; j < N; ++j) sum[i][j] = load<V>(to + i * width + j * kLanes<V>);
  }
  for (int64_t r = 0; r < rows; ++r) {
    V right[N];
    for (int j = 0; j < N; ++j) right[j] = load<V>(b + r * width + j * kLanes<V>);
    for (int i = 0; i < R; ++i) {
      for (int j = 0; j < N; ++j) sum[i][j] += a[r * height + i] * right[j];
    }
  }
  for (int i = 0; i < R; ++i) {
    for (int j = 0; j < N; ++j) store(sum[i][j], to + i * width + j * kLanes<V>);
  }
}

// to[height x width] += a[rows x height]' b[rows x width]
void outer(const float* a, const float* b, int64_t rows, int64_t height, int64_t width, float* to) {
  constexpr int64_t kBlock = 64;  // rows that stay in the cache
  for (int64_t r = 0; r < rows; r += kBlock) {
    const int64_t count = std::min(kBlock, rows - r);
    for (int64_t h = 0; h < height; h += 8) {
      const float* left = a + r * height + h;
      const float* right = b + r * width;
      float* out = to + h * width;
      int64_t c = 0;
      for (; c + 32 <= width; c += 32) {
        outer_tile<8, 2, Float16>(left, height, right + c, width, count, out + c);
      }
      for (; c + 16 <= width; c += 16) {
        outer_tile<8, 1, Float16>(left, height, right + c, width, count, out + c);
      }
      for (; c + 8 <= width; c += 8) {
        outer_tile<8, 1, Float8>(left, height, right + c, width, count, out + c);
      }
    }
  }
}

// ---- batch norm and hardswish ---------------------------------------------------------------

constexpr int64_t kRowsAtOnce = 128;  // their sums are float32, the sums of those are float64

template <class V>
V hardswish(V x) {
  const V gate = x * (1.0F / 6) + 0.5F;
  const V low = gate < 0.0F ? V{} : gate;
  return x * (low > 1.0F ? V{} + 1.0F : low);
}

template <class V>
V hardswish_slope(V x) {
  const V inner = x * (1.0F / 3) + 0.5F;
  const V low = x < -3.0F ? V{} : inner;
  return x > 3.0F ? V{} + 1.0F : low;
}

void add(const float* from, int64_t count, double* to) {
  for (int64_t i = 0; i < count; ++i) to[i] += static_cast<double>(from[i]);
}

}  // namespace

extern "C" {

void pplcnet_depthwise_forward(const float* x, const float* weights, int64_t kernel,
                               int64_t pictures, int64_t rows, int64_t columns, int64_t channels,
                               int64_t row_step, int64_t column_step, float* to) {
  (kernel == 3 ? depthwise_forward<3> : depthwise_forward<5>)(x, weights, pictures, rows, columns,
                                                              channels, row_step, column_step, to);
}

void pplcnet_depthwise_backward(const float* x, const float* weights, const float* gradient,
                                int64_t kernel, int64_t pictures, int64_t rows, int64_t columns,
                                int64_t channels, int64_t row_step, int64_t column_step, float* dx,
                                float* dweights) {
  (kernel == 3 ? depthwise_backward<3> : depthwise_backward<5>)(x, weights, gradient, pictures,
                                                                rows, columns, channels, row_step,
                                                                column_step, dx, dweights);
}

// weights: outputs x inputs
void pplcnet_pointwise_forward(const float* x, const float* weights, int64_t pixels, int64_t inputs,
                               int64_t outs, float* to) {
  std::vector<float> transposed(inputs * outs);
  for (int64_t o = 0; o < outs; ++o) {
    for (int64_t i = 0; i < inputs; ++i) transposed[i * outs + o] = weights[o * inputs + i];
  }
  product(x, transposed.data(), pixels, inputs, outs, to);
}

void pplcnet_pointwise_backward(const float* x, const float* weights, const float* gradient,
                                int64_t pixels, int64_t inputs, int64_t outs, float* dx,
                                float* dweights) {
  product(gradient, weights, pixels, outs, inputs, dx);
  std::fill_n(dweights, inputs * outs, 0.0F);
  outer(gradient, x, pixels, outs, inputs, dweights);
}

// Mean and variance of each channel, and to = hardswish((x - mean) / deviation gamma + beta).
void pplcnet_norm_forward(const float* x, const float* gamma, const float* beta, float epsilon,
                          int64_t pixels, int64_t channels, float* mean, float* variance,
                          float* to) {
  std::vector<double> sums(channels), squares(channels);
  std::vector<float> part(2 * channels), scale(channels), shift(channels);
  for (int64_t p = 0; p < pixels; p += kRowsAtOnce) {
    const int64_t end = std::min(pixels, p + kRowsAtOnce);
    for_channels(channels, [&]<class V>(V, int64_t c) {
      V sum{}, square{};
      for (int64_t i = p; i < end; ++i) {
        const V value = load<V>(x + i * channels + c);
        sum += value;
        square += value * value;
      }
      store(sum, &part[c]);
      store(square, &part[channels + c]);
    });
    add(part.data(), channels, sums.data());
    add(part.data() + channels, channels, squares.data());
  }
  for (int64_t c = 0; c < channels; ++c) {
    const double m = sums[c] / static_cast<double>(pixels);
    const double v = std::max(0.0, squares[c] / static_cast<double>(pixels) - m * m);
    mean[c] = static_cast<float>(m);
    variance[c] = static_cast<float>(v);
    scale[c] = static_cast<float>(gamma[c] / std::sqrt(v + static_cast<double>(epsilon)));
    shift[c] = static_cast<float>(beta[c] - m * scale[c]);
  }
  for (int64_t p = 0; p < pixels; p += kRowsAtOnce) {
    const int64_t end = std::min(pixels, p + kRowsAtOnce);
    for_channels(channels, [&]<class V>(V, int64_t c) {
      const V a = load<V>(&scale[c]), b = load<V>(&shift[c]);
      for (int64_t i = p; i < end; ++i) {
        store(hardswish<V>(load<V>(x + i * channels + c) * a + b), to + i * channels + c);
      }
    });
  }
}

void pplcnet_norm_backward(const float* x, const float* gamma, const float* beta, float epsilon,
                           const float* mean, const float* variance, const float* gradient,
                           int64_t pixels, int64_t channels, float* dx, float* dgamma,
                           float* dbeta) {
  std::vector<double> sums(channels), products(channels);
  std::vector<float> part(2 * channels), scale(channels), shift(channels), one(channels),
      slope(channels);
  for (int64_t c = 0; c < channels; ++c) {
    scale[c] = gamma[c] / std::sqrt(variance[c] + epsilon);
    shift[c] = beta[c] - mean[c] * scale[c];
  }
  for (int64_t p = 0; p < pixels; p += kRowsAtOnce) {
    const int64_t end = std::min(pixels, p + kRowsAtOnce);
    for_channels(channels, [&]<class V>(V, int64_t c) {
      const V a = load<V>(&scale[c]), b = load<V>(&shift[c]), m = load<V>(mean + c);
      V sum{}, product{};
      for (int64_t i = p; i < end; ++i) {
        const V value = load<V>(x + i * channels + c);
        const V g = load<V>(gradient + i * channels + c) * hardswish_slope<V>(value * a + b);
        sum += g;
        product += g * (value - m);
      }
      store(sum, &part[c]);
      store(product, &part[channels + c]);
    });
    add(part.data(), channels, sums.data());
    add(part.data() + channels, channels, products.data());
  }
  // dx = scale (g - mean of g - (x - mean) / variance times the mean of g (x - mean))
  for (int64_t c = 0; c < channels; ++c) {
    const double power = static_cast<double>(variance[c]) + static_cast<double>(epsilon);
    dbeta[c] = static_cast<float>(sums[c]);
    dgamma[c] = static_cast<float>(products[c] / std::sqrt(power));
    const double k = products[c] / power / static_cast<double>(pixels);
    slope[c] = static_cast<float>(k * scale[c]);
    one[c] = static_cast<float>((sums[c] / static_cast<double>(pixels) - k * mean[c]) * scale[c]);
  }
  for (int64_t p = 0; p < pixels; p += kRowsAtOnce) {
    const int64_t end = std::min(pixels, p + kRowsAtOnce);
    for_channels(channels, [&]<class V>(V, int64_t c) {
      const V a = load<V>(&scale[c]), b = load<V>(&shift[c]);
      const V k = load<V>(&slope[c]), m = load<V>(&one[c]);
      for (int64_t i = p; i < end; ++i) {
        const V value = load<V>(x + i * channels + c);
        const V g = load<V>(gradient + i * channels + c) * hardswish_slope<V>(value * a + b);
        store<V>(a * g - m - k * value, dx + i * channels + c);
      }
    });
  }
}

}  // extern "C"
