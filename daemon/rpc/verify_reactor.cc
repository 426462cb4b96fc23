#include "daemon/rpc/verify_reactor.h"

namespace hfget::rpc {

void VerifyReactor::OnManifest(engine::ManifestAnswer manifest) {
  v1::VerifyRepoResponse response;
  *response.mutable_manifest() = ToManifest(manifest.pull);
  Push(std::move(response));
}

void VerifyReactor::OnVerdicts(std::vector<engine::FileVerdict> verdicts) {
  v1::VerifyRepoResponse response;
  for (const engine::FileVerdict& verdict : verdicts) *response.add_verdicts() = ToProto(verdict);
  Push(std::move(response));
}

void VerifyReactor::OnProgress(const engine::VerifyProgress& progress) {
  v1::VerifyRepoResponse response;
  response.mutable_progress()->set_checked_bytes(progress.checked);
  response.mutable_progress()->set_checked_files(progress.files);
  response.mutable_progress()->set_rate_bytes_per_sec(progress.rate_per_sec);
  Push(std::move(response));
}

void VerifyReactor::OnSummary(const engine::VerifySummary& summary) {
  v1::VerifyRepoResponse response;
  v1::VerifySummary& out = *response.mutable_summary();
  out.set_good_files(summary.good);
  out.set_bad_files(summary.bad);
  out.set_no_hash_files(summary.no_hash);
  out.set_checked_bytes(summary.checked);
  if (summary.repair) *out.mutable_repair() = ToProto(*summary.repair, caller_);
  if (!summary.repair_status.ok()) *out.mutable_repair_error() = ToError(summary.repair_status);
  Push(std::move(response));
  Close(absl::OkStatus());
}

}  // namespace hfget::rpc
