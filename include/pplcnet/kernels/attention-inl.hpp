// Attention of tokens. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// One head of one sequence: where the first token's query, key, value and result are.
struct Head {
  const float *queries, *keys, *values;
  int pitch;  // floats from a token to the next
  float* results;
  int result_pitch;
  int depth, tokens;
  float* scratch;  // [depth + kQueries][tokens rounded up to 16]

  int padded() const { return static_cast<int>(round_up(tokens, kPanel)); }
  float* scores() const { return scratch + depth * padded(); }
};

/// Keys become rows, one for each of their dimensions.
inline void transpose_keys(const Head& head) {
  for (int i = 0; i < head.depth; ++i) {
    float* const row = head.scratch + i * head.padded();
    for (int token = 0; token < head.tokens; ++token)
      row[token] = head.keys[token * head.pitch + i];
    std::fill(row + head.tokens, row + head.padded(), 0.0f);
  }
}

/// Computes the scores of `kCount` queries from `query` on with all keys.
template <int kCount>
HWY_INLINE void score(const Head& head, int query, float scale) {
  const Lanes16 d;
  const float* const q = head.queries + query * head.pitch;
  for (int token = 0; token < head.padded(); token += static_cast<int>(hn::MaxLanes(d))) {
    hn::Vec<Lanes16> sums[kCount];
    PPLCNET_UNROLL
    for (int i = 0; i < kCount; ++i) sums[i] = hn::Zero(d);
    for (int k = 0; k < head.depth; ++k) {
      const auto keys = hn::LoadU(d, head.scratch + k * head.padded() + token);
      PPLCNET_UNROLL
      for (int i = 0; i < kCount; ++i)
        sums[i] = hn::MulAdd(hn::Set(d, q[i * head.pitch + k]), keys, sums[i]);
    }
    PPLCNET_UNROLL
    for (int i = 0; i < kCount; ++i)
      hn::StoreU(hn::Mul(sums[i], hn::Set(d, scale)), d, head.scores() + i * head.padded() + token);
  }
}

/// Computes the mean of all values, weighted by the scores.
template <int kCount>
HWY_INLINE void weigh_values(const Head& head, int query) {
  for_each_vector(head.depth, [&](auto d, int k) HWY_ATTR {
    hn::Vec<decltype(d)> sums[kCount];
    PPLCNET_UNROLL
    for (int i = 0; i < kCount; ++i) sums[i] = hn::Zero(d);
    const float* value = head.values + k;
    for (int token = 0; token < head.tokens; ++token, value += head.pitch) {
      const auto x = hn::LoadU(d, value);
      PPLCNET_UNROLL
      for (int i = 0; i < kCount; ++i)
        sums[i] = hn::MulAdd(hn::Set(d, head.scores()[i * head.padded() + token]), x, sums[i]);
    }
    PPLCNET_UNROLL
    for (int i = 0; i < kCount; ++i)
      hn::StoreU(sums[i], d, head.results + (query + i) * head.result_pitch + k);
  });
}

template <int kCount>
HWY_INLINE void attend(const Head& head, int query, float scale) {
  score<kCount>(head, query, scale);
  for (int i = 0; i < kCount; ++i) {
    float* const scores = head.scores() + i * head.padded();
    softmax(scores, scores, head.tokens);
  }
  weigh_values<kCount>(head, query);
}

/// Computes rows [begin, end): each is a sequence.
inline HWY_NOINLINE void attention_rows(const Context& context, const Layer& layer, int begin,
                                        int end) {
  float* const maps = context.run.maps;
  float* const scratch = context.scratch(layer);
  const int channels = layer.output.channels, depth = channels / layer.groups;
  const float scale = 1.0f / std::sqrt(static_cast<float>(depth));
  for (int y = begin; y < end; ++y)
    for (int channel = 0; channel < channels; channel += depth) {
      const float* const from = maps + layer.source.pixels(y) + channel;
      const Head head = {.queries = from,
                         .keys = from + channels,
                         .values = from + 2 * channels,
                         .pitch = layer.source.pixel_pitch,
                         .results = maps + layer.target.pixels(y) + channel,
                         .result_pitch = layer.target.pixel_pitch,
                         .depth = depth,
                         .tokens = layer.input.width,
                         .scratch = scratch};
      transpose_keys(head);
      int query = 0;
      for (; query + kQueries <= head.tokens; query += kQueries)
        attend<kQueries>(head, query, scale);
      for (; query < head.tokens; ++query) attend<1>(head, query, scale);
    }
}
template <>
inline constexpr MapRows kMapKernel<Operator::attention> = attention_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
