// What a failed call says to programs, beside its words.
#ifndef HFGET_CLI_ERROR_DETAIL_H_
#define HFGET_CLI_ERROR_DETAIL_H_

#include <grpcpp/grpcpp.h>

#include <optional>

#include "absl/status/status.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// nullopt: the failure is not the daemon's word.
std::optional<v1::Error> DetailOf(const grpc::Status& status);
std::optional<v1::Error> DetailOf(const absl::Status& status);
// `status`, which keeps `detail` with it.
absl::Status WithDetail(absl::Status status, const v1::Error& detail);

}  // namespace hfget::cli

#endif  // HFGET_CLI_ERROR_DETAIL_H_
