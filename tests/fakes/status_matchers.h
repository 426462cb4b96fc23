// Matchers for absl::Status and StatusOr, which the Abseil of Debian 12 does not have.
#ifndef HFGET_TESTS_FAKES_STATUS_MATCHERS_H_
#define HFGET_TESTS_FAKES_STATUS_MATCHERS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::testing {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P(HasCode, code, "") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

// StatusIs(code, matcher of the message)
MATCHER_P2(StatusIs, code, message, "") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code &&
         ::testing::ExplainMatchResult(message, std::string(StatusOf(arg).message()), result_listener);
}

}  // namespace hfget::testing

#define ASSERT_OK(expr) ASSERT_THAT((expr), ::hfget::testing::IsOk())
#define EXPECT_OK(expr) EXPECT_THAT((expr), ::hfget::testing::IsOk())

#endif  // HFGET_TESTS_FAKES_STATUS_MATCHERS_H_
