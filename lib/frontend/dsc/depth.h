// Counts how deep the evaluator is in calls and values.
#pragma once

#include "frontend/dsc/evaluator.h"

namespace bxl::frontend::dsc {

class Evaluator::Depth {
 public:
  explicit Depth(int& depth) : depth_(depth) { ++depth_; }
  ~Depth() { --depth_; }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;

 private:
  int& depth_;
};

}  // namespace bxl::frontend::dsc
