// The product of two matrices. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Vectors of a tile's columns, and its rows: as many as registers hold, and enough to hide the
/// latency of a multiply-add.
inline constexpr int kTileVectors = 2;
inline constexpr int kGroupColumns = std::max(kTileVectors * kLanes, kTrainingPanel);
inline constexpr bool kManyRegisters = HWY_ARCH_ARM_A64 || kLanes == 16;
static_assert(kGroupColumns <= kProductColumns);

/// How a factor's numbers lie: those of a row beside each other, or those of a column.
enum class Order { rows, columns };

/// C(m, n) = Σ A(m, k) B(k, n), in the order of k, whatever the tiles. B's columns are in groups:
/// those of one are all rows of it, one after the other.
struct MatrixProduct {
  const float* a;
  std::int64_t a_pitch;  ///< from row to row, or from column to column
  const float* b;        ///< of the first group
  const float* bias;     ///< that sums begin with; null: zeros
  float* c;
  std::int64_t c_pitch;
  std::int64_t depth;
  bool adds = false;  ///< to what is there
};

/// Calls `body(columns)` for the groups of so many columns, a multiple of 8, where `columns` has
/// their vectors' type, how many there are, and the first one's number.
template <class D, int kCount>
struct ColumnGroup {
  using Vectors = D;
  static constexpr int kVectors = kCount;
  static constexpr int kColumns = kCount * static_cast<int>(hn::MaxLanes(D()));
  int column;
};
template <class Body>
HWY_INLINE void for_groups(int columns, const Body& body) {
  int column = 0;
  for (; column + kGroupColumns <= columns; column += kGroupColumns)
    body(ColumnGroup<Lanes16, kGroupColumns / kLanes>{column});
  if constexpr (kGroupColumns > 2 * kTrainingPanel)
    for (; column + kLanes <= columns; column += kLanes) body(ColumnGroup<Lanes16, 1>{column});
  if constexpr (kGroupColumns > kTrainingPanel)
    if (column < columns)
      body(ColumnGroup<Lanes8, kTrainingPanel / static_cast<int>(hn::MaxLanes(Lanes8()))>{column});
}

/// The sums of a few rows and a group's columns.
template <Order kOrder, class Group, int kRows>
class MatrixTile {
  using D = typename Group::Vectors;
  using V = hn::Vec<D>;
  static constexpr int kVectors = Group::kVectors;
  static constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE MatrixTile(const MatrixProduct& product, const Group& group, const float* a,
                        float* c) {
    start(product.bias == nullptr ? nullptr : product.bias + group.column,
          Indices<kRows * kVectors>());
    set_rows(a, product.a_pitch, Indices<kRows>());
    const float* b = product.b + group.column * product.depth;
    for (std::int64_t k = 0; k < product.depth; ++k, b += Group::kColumns)
      add(k, product.a_pitch, b, Indices<kVectors>());
    if (product.adds)
      store<true>(c + group.column, opaque(size(product.c_pitch)), Indices<kRows>());
    else
      store<false>(c + group.column, opaque(size(product.c_pitch)), Indices<kRows>());
  }

 private:
  template <int... kIndex>
  HWY_INLINE void start(const float* bias, std::integer_sequence<int, kIndex...>) {
    const D d;
    if (bias == nullptr)
      ((sums_[kIndex] = kIndex < 0 ? V() : hn::Zero(d)), ...);
    else
      ((sums_[kIndex] = hn::LoadU(d, bias + kIndex % kVectors * kStep)), ...);
  }

  template <int... kRow>
  HWY_INLINE void set_rows(const float* a, std::int64_t pitch,
                           std::integer_sequence<int, kRow...>) {
    ((rows_[kRow] = kOrder == Order::rows ? a + kRow * pitch : a + kRow), ...);
  }

  template <int... kVector>
  HWY_INLINE void add(std::int64_t k, std::int64_t pitch, const float* b,
                      std::integer_sequence<int, kVector...>) {
    const V row[kVectors] = {hn::LoadU(D(), b + kVector * kStep)...};
    add_rows(kOrder == Order::rows ? k : k * pitch, row, Indices<kRows>());
  }

  template <int... kRow>
  HWY_INLINE void add_rows(std::int64_t offset, const V* row, std::integer_sequence<int, kRow...>) {
    (add_row<kRow>(in_register(hn::Set(D(), rows_[kRow][offset])), row, Indices<kVectors>()), ...);
  }

  template <int kRow, int... kVector>
  HWY_INLINE void add_row(V factor, const V* row, std::integer_sequence<int, kVector...>) {
    ((sums_[kRow * kVectors + kVector] =
          hn::MulAdd(factor, row[kVector], sums_[kRow * kVectors + kVector])),
     ...);
  }

  template <bool kAdds, int... kRow>
  HWY_INLINE void store(float* c, std::size_t pitch, std::integer_sequence<int, kRow...>) const {
    (store_row<kAdds, kRow>(c + kRow * pitch, Indices<kVectors>()), ...);
  }

  template <bool kAdds, int kRow, int... kVector>
  HWY_INLINE void store_row(float* c, std::integer_sequence<int, kVector...>) const {
    const D d;
    (store_or_add(d, sums_[kRow * kVectors + kVector], kAdds, c + kVector * kStep), ...);
  }

  V sums_[kRows * kVectors];
  const float* rows_[kRows];
};

/// Computes `rows` rows of a group's columns.
template <Order kOrder, class Group>
HWY_NOINLINE void multiply_group(const MatrixProduct& product, const Group& group,
                                 std::int64_t rows) {
  constexpr int kMost = kManyRegisters || Group::kVectors == 1 ? 8 : 4;
  std::int64_t row = 0;
  const auto tiles = [&]<int kRows>(std::integral_constant<int, kRows>) HWY_ATTR {
    for (; row + kRows <= rows; row += kRows)
      MatrixTile<kOrder, Group, kRows>(
          product, group, product.a + row * (kOrder == Order::rows ? product.a_pitch : 1),
          product.c + row * product.c_pitch);
  };
  tiles(std::integral_constant<int, kMost>());
  if constexpr (kMost > 4) tiles(std::integral_constant<int, 4>());
  tiles(std::integral_constant<int, 2>());
  tiles(std::integral_constant<int, 1>());
}

/// Computes `rows` rows of so many columns, a block of rows at a time, which stays in cache.
template <Order kOrder>
HWY_NOINLINE void multiply(MatrixProduct product, std::int64_t rows, int columns) {
  constexpr std::int64_t kBlock = 64;
  const std::int64_t a_step = kOrder == Order::rows ? product.a_pitch : 1;
  for (; rows > 0; rows -= kBlock) {
    for_groups(columns, [&](auto group) HWY_ATTR {
      multiply_group<kOrder>(product, group, std::min(rows, kBlock));
    });
    product.a += kBlock * a_step;
    product.c += kBlock * product.c_pitch;
  }
}

/// Copies a matrix into the form of a product's second factor.
inline HWY_NOINLINE void pack(const float* from, std::int64_t pitch, std::int64_t depth,
                              int columns, float* to) {
  for_groups(columns, [&](auto group) HWY_ATTR {
    float* column = to + group.column * depth;
    for (std::int64_t k = 0; k < depth; ++k, column += group.kColumns)
      std::copy_n(from + k * pitch + group.column, group.kColumns, column);
  });
}

/// Copies weights, transposed, into the form of a product's second factor: its columns are the taps
/// of the input's padded channels, its depth the outputs.
inline HWY_NOINLINE void pack_transposed(const float* from, const TrainingTensor& weight,
                                         int input_pitch, float* to) {
  const std::int64_t pitch = weight.pitch(), depth = weight.outputs;
  for_groups(weight.taps() * input_pitch, [&](auto group) HWY_ATTR {
    for (int i = 0; i < group.kColumns; ++i) {
      const int tap = (group.column + i) / input_pitch, input = (group.column + i) % input_pitch;
      const float* const row = from + (std::int64_t{tap} * weight.inputs + input) * pitch;
      float* const column = to + group.column * depth + i;
      for (std::int64_t k = 0; k < depth; ++k)
        column[k * group.kColumns] = input < weight.inputs ? row[k] : 0;
    }
  });
}

/// Adds the rows' part of the weights' gradients, inputsᵀ × gradients, for up to kProductChunk rows
/// of both: `to` is [inputs][outputs], `packed` scratch.
inline HWY_NOINLINE void add_weight_gradients(const float* inputs, std::int64_t input_pitch,
                                              int depth, const float* gradients, int pitch,
                                              std::int64_t rows, bool adds, float* packed,
                                              float* to) {
  for_groups(pitch, [&](auto group) HWY_ATTR {
    const float* b = gradients;
    if (group.kColumns != pitch) {
      for (std::int64_t row = 0; row < rows; ++row)
        std::copy_n(gradients + row * pitch + group.column, group.kColumns,
                    packed + row * group.kColumns);
      b = packed;
    }
    using Group = decltype(group);
    const MatrixProduct product = {.a = inputs,
                                   .a_pitch = input_pitch,
                                   .b = b,
                                   .bias = nullptr,
                                   .c = to + group.column,
                                   .c_pitch = pitch,
                                   .depth = rows,
                                   .adds = adds};
    multiply_group<Order::columns>(product, Group{0}, depth);
  });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
