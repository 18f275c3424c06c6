// Result<T>: a value, or an Error that keeps the errno and says what was being done.
#pragma once

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace bxl {

// `errnum` is an errno value (0 when none applies); `message` reads "open src/a.h", outermost
// context first. to_string() appends strerror(errnum).
struct Error {
  int errnum = 0;
  std::string message;

  std::string to_string() const {
    return errnum == 0 ? message : message + ": " + std::strerror(errnum);
  }
  // Adds context in front: "pip x: open y".
  Error in(const std::string& context) && { return {errnum, context + ": " + std::move(message)}; }
};

// An Error made from the current errno. Read errno before anything else can change it.
inline Error errno_error(std::string message) {
  int saved = errno;
  return {saved, std::move(message)};
}
inline Error make_error(int errnum, std::string message) { return {errnum, std::move(message)}; }

// Member names follow std::expected, so that C++23 is a rename.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : v_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit
  bool has_value() const { return v_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return std::get<0>(v_); }
  const T& value() const& { return std::get<0>(v_); }
  T&& value() && { return std::get<0>(std::move(v_)); }
  T& operator*() & { return std::get<0>(v_); }
  const T& operator*() const& { return std::get<0>(v_); }
  T&& operator*() && { return std::get<0>(std::move(v_)); }
  T* operator->() { return &std::get<0>(v_); }
  const T* operator->() const { return &std::get<0>(v_); }
  Error& error() { return std::get<1>(v_); }
  const Error& error() const { return std::get<1>(v_); }

 private:
  std::variant<T, Error> v_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : e_(std::move(error)) {}  // NOLINT: implicit
  bool has_value() const { return !e_; }
  explicit operator bool() const { return has_value(); }
  Error& error() { return *e_; }
  const Error& error() const { return *e_; }

 private:
  std::optional<Error> e_;
};

#define BXL_CONCAT_(a, b) a##b
#define BXL_CONCAT(a, b) BXL_CONCAT_(a, b)
// BXL_TRY(expr): returns the error of `expr` from the enclosing function.
#define BXL_TRY(expr)                                                          \
  do {                                                                         \
    if (auto bxl_try_ = (expr); !bxl_try_) return std::move(bxl_try_.error()); \
  } while (0)
// BXL_TRY_ASSIGN(auto x, expr): as BXL_TRY, then moves the value into `x`.
#define BXL_TRY_ASSIGN(decl, expr) BXL_TRY_ASSIGN_(BXL_CONCAT(bxl_res_, __COUNTER__), decl, expr)
#define BXL_TRY_ASSIGN_(tmp, decl, expr)   \
  auto tmp = (expr);                       \
  if (!tmp) return std::move(tmp.error()); \
  decl = std::move(*tmp)

}  // namespace bxl
