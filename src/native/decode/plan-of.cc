#include "plan-of.h"

#include <cstring>

namespace sink {

namespace {

/** Milvus has 32,768; a row's cells must stay within 32 bits. */
constexpr double kMaxDim = 1 << 20;
constexpr uint32_t kMaxColumns = 1024;
/** Fallbacks are a schema's defaults. */
constexpr size_t kMaxFallback = 1 << 20;

struct Kind {
  const char* name;
  ColumnKind kind;
};
constexpr Kind kKinds[] = {
    {"bool", ColumnKind::kBool},     {"integer", ColumnKind::kInteger}, {"float", ColumnKind::kFloat},
    {"double", ColumnKind::kDouble}, {"text", ColumnKind::kText},       {"json", ColumnKind::kJson},
    {"floatVector", ColumnKind::kFloatVector}, {"sparse", ColumnKind::kSparse}, {"array", ColumnKind::kArray},
};

ColumnKind KindOf(const std::string& name) {
  for (const Kind& one : kKinds) {
    if (name == one.name) return one.kind;
  }
  throw BadArgument("a plan's column is of no kind that is known");
}

/** An integer within the range, of a property that may be missing. */
double IntegerOf(napi_env env, napi_value object, const char* name, double min, double max, double fallback) {
  const napi_value value = Property(env, object, name);
  if (IsMissing(env, value)) return fallback;
  const double number = NumberOf(env, value);
  if (!(number >= min && number <= max) || number != static_cast<double>(static_cast<int64_t>(number))) {
    throw BadArgument(name);
  }
  return number;
}

bool FlagOf(napi_env env, napi_value object, const char* name) {
  const napi_value value = Property(env, object, name);
  return !IsMissing(env, value) && BooleanOf(env, value);
}

std::string_view BytesOf(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  Check(env, napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr), "bytes are expected");
  if (type != napi_uint8_array) throw BadArgument("bytes are expected");
  return length == 0 ? std::string_view() : std::string_view(static_cast<const char*>(data), length);
}

template <typename Each> void ForEach(napi_env env, napi_value array, uint32_t most, Each each) {
  uint32_t length = 0;
  Check(env, napi_get_array_length(env, array, &length), "an array is expected");
  if (length > most) throw BadArgument("an array is too long");
  for (uint32_t i = 0; i < length; ++i) {
    napi_handle_scope scope;
    Check(env, napi_open_handle_scope(env, &scope), "a scope");
    struct Closed {
      napi_env env;
      napi_handle_scope scope;
      ~Closed() { napi_close_handle_scope(env, scope); }
    } closed{env, scope};
    napi_value value;
    Check(env, napi_get_element(env, array, i, &value), "an element is expected");
    each(i, value);
  }
}

std::vector<std::string> TextsOf(napi_env env, napi_value array) {
  std::vector<std::string> texts;
  ForEach(env, array, UINT32_MAX, [&](uint32_t, napi_value text) { texts.push_back(TextOf(env, text)); });
  return texts;
}

Column ColumnOf(napi_env env, napi_value value) {
  Column column;
  column.name = TextOf(env, Property(env, value, "name"));
  column.kind = KindOf(TextOf(env, Property(env, value, "kind")));
  column.optional = FlagOf(env, value, "optional");
  column.objects_only = FlagOf(env, value, "objectsOnly");
  column.dynamic = FlagOf(env, value, "dynamic");
  const napi_value fallback = Property(env, value, "fallback");
  if (!IsMissing(env, fallback)) {
    const std::string_view bytes = BytesOf(env, fallback);
    if (bytes.size() > kMaxFallback) throw BadArgument("a plan's fallback is too long");
    column.has_fallback = true;
    column.fallback = bytes;
  }
  // Of an array it is the elements that have these.
  const bool array = column.kind == ColumnKind::kArray;
  const napi_value scalar = array ? Property(env, value, "element") : value;
  if (array) {
    column.element = KindOf(TextOf(env, Property(env, scalar, "kind")));
    if (column.element > ColumnKind::kText) throw BadArgument("no array has elements of this kind");
    column.element_tag = static_cast<uint8_t>(IntegerOf(env, value, "elementTag", 1, 127, 0));
    if (column.element_tag == 0) throw BadArgument("an array without its elements' tag");
    column.max_items = static_cast<uint32_t>(IntegerOf(env, value, "maxItems", 0, UINT32_MAX, UINT32_MAX));
  }
  const int bits = static_cast<int>(IntegerOf(env, scalar, "bits", 1, 64, 64));
  column.max = INT64_MAX >> (64 - bits);
  column.min = INT64_MIN >> (64 - bits);
  column.max_bytes = static_cast<uint32_t>(IntegerOf(env, scalar, "maxBytes", 0, UINT32_MAX, UINT32_MAX));
  column.dim = static_cast<uint32_t>(IntegerOf(env, value, "dim", 1, kMaxDim, 0));
  if (column.kind == ColumnKind::kFloatVector && column.dim == 0) throw BadArgument("a vector without dimension");
  if (column.dynamic && column.kind != ColumnKind::kJson) throw BadArgument("a dynamic column is JSON");
  return column;
}

/** What an External of ours points to; others' have no such mark. */
struct HeldPlan {
  static constexpr uint64_t kMark = 0x6e616c706b6e6973u;
  uint64_t mark = kMark;
  std::shared_ptr<const Plan> plan;
};

const Plan& HeldPlanOf(napi_env env, napi_value value) {
  void* held = nullptr;
  if (napi_get_value_external(env, value, &held) != napi_ok || held == nullptr ||
      static_cast<const HeldPlan*>(held)->mark != HeldPlan::kMark) throw BadArgument("a plan is expected");
  return *static_cast<const HeldPlan*>(held)->plan;
}

napi_value MakePlan(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto held = std::make_unique<HeldPlan>();
  held->plan = PlanOf(env, arguments[0]);
  napi_value external;
  const auto free = [](napi_env, void* data, void*) { delete static_cast<HeldPlan*>(data); };
  Check(env, napi_create_external(env, held.get(), free, nullptr, &external), "a plan");
  held.release();
  return external;
}

/** A copy, since what is given to JavaScript lives as long as it likes. */
napi_value NumbersOf(napi_env env, napi_typedarray_type type, const void* data, size_t bytes, size_t count) {
  napi_value buffer, array;
  void* copy = nullptr;
  Check(env, napi_create_arraybuffer(env, bytes, &copy, &buffer), "a buffer");
  if (bytes > 0) std::memcpy(copy, data, bytes);
  Check(env, napi_create_typedarray(env, type, count, buffer, 0, &array), "an array");
  return array;
}

napi_value DecodeRows(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const Plan& plan = HeldPlanOf(env, arguments[0]);
  std::vector<uint8_t> room;
  std::vector<Cell> cells(plan.columns.size());
  napi_value rows, none;
  Check(env, napi_create_array(env, &rows), "rows");
  Check(env, napi_get_null(env, &none), "null");
  ForEach(env, arguments[1], UINT32_MAX, [&](uint32_t i, napi_value value) {
    const std::string_view text = BytesOf(env, value);
    room.resize(MaxCellBytes(plan, text.size()));
    DecodedRow decoded;
    if (!DecodeRow(plan, text, room.data(), cells.data(), decoded)) {
      Check(env, napi_set_element(env, rows, i, none), "a row");
      return;
    }
    napi_value row, dropped;
    Check(env, napi_create_object(env, &row), "a row");
    Check(env, napi_create_uint32(env, decoded.dropped, &dropped), "a row");
    const napi_value bytes = NumbersOf(env, napi_uint8_array, room.data(), decoded.bytes, decoded.bytes);
    static_assert(sizeof(Cell) == 2 * sizeof(uint32_t));
    const napi_value at =
        NumbersOf(env, napi_uint32_array, cells.data(), cells.size() * sizeof(Cell), cells.size() * 2);
    Check(env, napi_set_named_property(env, row, "cells", bytes), "a row");
    Check(env, napi_set_named_property(env, row, "at", at), "a row");
    Check(env, napi_set_named_property(env, row, "dropped", dropped), "a row");
    Check(env, napi_set_element(env, rows, i, row), "a row");
  });
  return rows;
}

napi_value IsPlainKey(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  napi_value answer;
  Check(env, napi_get_boolean(env, IsPlainJsonKey(BytesOf(env, arguments[0])), &answer), "an answer");
  return answer;
}

}  // namespace

std::shared_ptr<const Plan> PlanOf(napi_env env, napi_value description) {
  auto plan = std::make_shared<Plan>();
  ForEach(env, Property(env, description, "columns"), kMaxColumns,
          [&](uint32_t, napi_value column) { plan->columns.push_back(ColumnOf(env, column)); });
  plan->dropped = TextsOf(env, Property(env, description, "dropped"));
  plan->declined = TextsOf(env, Property(env, description, "declined"));
  Prepare(*plan);
  return plan;
}

void RegisterDecode(napi_env env, napi_value sink) {
  napi_value object;
  Check(env, napi_create_object(env, &object), "decode");
  Method<MakePlan>(env, object, "makePlan");
  Method<DecodeRows>(env, object, "decodeRows");
  Method<IsPlainKey>(env, object, "isPlainKey");
  Check(env, napi_set_named_property(env, sink, "decode", object), "decode");
}

}  // namespace sink
