// Between the engine's plain values and the API's messages. One function each way, and nothing is
// decided here.
#ifndef HFGET_DAEMON_RPC_CONVERT_H_
#define HFGET_DAEMON_RPC_CONVERT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/core/access.h"
#include "daemon/engine/api.h"
#include "grpcpp/support/status.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

// The codes of both are the same numbers. gRPC 1.51 has no conversion of its own. An error carries a RichStatus with ToError's.
grpc::Status ToGrpc(const absl::Status& status);
// REQUIRES: !status.ok().
v1::Error ToError(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

// REQUIRES: finite.
void Set(absl::Duration value, google::protobuf::Duration* out);
void Set(absl::Time value, google::protobuf::Timestamp* out);

// What went wrong with a request at the hub or on the disk.
v1::Error ToProto(const engine::PullError& error);
// The same as the end of a call.
grpc::Status ToGrpc(const engine::PullError& error);

v1::RepoType ToProto(hub::RepoType type);
v1::TokenVerdict ToProto(core::ProofVerdict verdict);
// `caller`: whose eyes it is for. Why a source gives nothing, and by which way it is reached, may name what others pull or the
// daemon's net, and is left out for guests.
v1::Pull ToProto(const engine::PullSnapshot& pull, const core::Caller& caller = {});
v1::GetPieceMapResponse ToProto(const engine::PieceMapSnapshot& map);
v1::Finding ToProto(const hub::Finding& finding);
v1::Source ToProto(const engine::SourceSnapshot& source, const core::Caller& caller = {});
v1::Manifest ToManifest(const engine::PullSnapshot& pull);
v1::ManifestFile ToProto(const hub::ManifestFile& file);
v1::FileVerdict ToProto(const engine::FileVerdict& verdict);
v1::WhoAmIResponse ToProto(const engine::AccountAnswer& answer);
// Errors: INVALID_ARGUMENT: labels that cannot be, a state that is none.
absl::StatusOr<core::PullFilter> ToFilter(const v1::PullFilter& filter);
// Errors: INVALID_ARGUMENT when nothing is to be changed.
absl::StatusOr<engine::SourceChange> ToChange(v1::SetSourceRequest::Change change);

// The text with every malformed byte replaced by U+FFFD. A message with malformed UTF-8 is sent by
// protobuf but refused by the reader, so that one odd byte in a folder's name would make a pull
// invisible.
std::string ValidUtf8(absl::string_view text);

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_CONVERT_H_
