#include "cli/error_detail.h"

#include <string>
#include <utility>

#include "absl/strings/cord.h"

namespace hfget::cli {
namespace {

constexpr char kPayload[] = "hfget.v1.Error";

}  // namespace

std::optional<v1::Error> DetailOf(const grpc::Status& status) {
  v1::RichStatus rich;
  v1::Error error;
  if (status.error_details().empty() || !rich.ParseFromString(status.error_details())) return std::nullopt;
  for (const auto& detail : rich.details()) {
    if (detail.UnpackTo(&error)) return error;
  }
  return std::nullopt;
}

std::optional<v1::Error> DetailOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  v1::Error error;
  if (!payload || !error.ParseFromString(std::string(*payload))) return std::nullopt;
  return error;
}

absl::Status WithDetail(absl::Status status, const v1::Error& detail) {
  status.SetPayload(kPayload, absl::Cord(detail.SerializeAsString()));
  return status;
}

}  // namespace hfget::cli
