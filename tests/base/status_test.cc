#include "daemon/base/status.h"

#include <cerrno>

#include "tests/fakes/status_matchers.h"

namespace hfget {
namespace {

using ::testing::AllOf;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

TEST(AnnotateTest, PutsTheContextInFront) {
  EXPECT_EQ(Annotate(absl::NotFoundError("x"), "reading a"), absl::NotFoundError("reading a: x"));
  EXPECT_OK(Annotate(absl::OkStatus(), "reading a"));
}

TEST(ErrnoStatusTest, SaysWhatWasDoneToWhat) {
  EXPECT_THAT(ErrnoStatus(ENOENT, "cannot open", "/x"),
              StatusIs(absl::StatusCode::kNotFound,
                       AllOf(HasSubstr("cannot open /x"), HasSubstr("No such file"))));
}

TEST(ErrnoStatusTest, MapsWhatCallersDecideOn) {
  EXPECT_THAT(ErrnoStatus(ENOSPC, "", ""), HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(ErrnoStatus(EDQUOT, "", ""), HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(ErrnoStatus(EROFS, "", ""), HasCode(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(ErrnoStatus(EEXIST, "", ""), HasCode(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(ErrnoStatus(EIO, "", ""), HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ErrnoStatus(ENAMETOOLONG, "", ""), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ErrnoStatus(ENOTDIR, "", ""), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(ErrnoStatus(EINVAL, "", ""), HasCode(absl::StatusCode::kInternal));
}

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return absl::InvalidArgumentError("odd");
  return n / 2;
}

absl::Status Quarter(int n, int* out) {
  HFGET_ASSIGN_OR_RETURN(const int half, Half(n));
  HFGET_ASSIGN_OR_RETURN(*out, Half(half));
  HFGET_RETURN_IF_ERROR(absl::OkStatus());
  return absl::OkStatus();
}

TEST(StatusMacrosTest, ReturnTheFirstError) {
  int out = 0;
  EXPECT_OK(Quarter(8, &out));
  EXPECT_EQ(out, 2);
  EXPECT_THAT(Quarter(7, &out), StatusIs(absl::StatusCode::kInvalidArgument, "odd"));
  EXPECT_THAT(Quarter(6, &out), HasCode(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace hfget
