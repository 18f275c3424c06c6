// The syntax tree of a filter: private to the parser and the evaluator.
#pragma once

#include <memory>
#include <string>

#include "plan/filter.h"

namespace bxl::plan {

enum class FilterOp {
  Tuple,         // `type`, `argument`
  And,           // left, right
  Or,            // left, right
  Not,           // left
  Dependents,    // dpt, and a leading +
  Dependencies,  // dpc
  RequiredFor,
  CopyDependents,
};

enum class TupleType {
  Id,
  Input,
  Output,
  Spec,
  SpecRef,
  SpecValueTransitive,
  Tag,
  Value,
  ValueTransitive,
  Module,
};

struct Filter::Node {
  FilterOp op = FilterOp::Tuple;
  TupleType type = TupleType::Id;
  std::string argument;
  std::unique_ptr<Node> left, right;
};

}  // namespace bxl::plan
