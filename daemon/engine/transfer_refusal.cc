// What the no of a hub means for a file and for those who want it.
#include <utility>
#include <vector>

#include "daemon/engine/transfer.h"
#include "daemon/engine/verdicts.h"

namespace hfget::engine {
namespace {

bool LacksAccess(hub::HubErrorKind kind) {
  return kind == hub::HubErrorKind::kGated || kind == hub::HubErrorKind::kForbidden;
}

}  // namespace

PullError Transfer::ErrorFor(core::SourceIndex source, const FetchResult& result) const {
  const Source& s = context_.sources.at(source);
  PullError error;
  error.source = s.config.name;
  error.cause = core::ErrorCause::kNoSource;
  error.message = result.why.empty() ? std::string(core::FailureName(result.failure)) : result.why;
  const Claim* claim = AnyClaim();
  if (claim == nullptr || result.hub_error.kind == hub::HubErrorKind::kNone) return error;
  hub::AskedFor asked;
  asked.repo = claim->client->repo();
  asked.revision = claim->client->commit();
  asked.path = claim->file.path;
  asked.source = s.config.name;
  asked.endpoint = context_.sources.HomeOf(source);
  asked.token_sent = !result.token_sent.empty();
  asked.token_refused = !asked.token_sent && claim->client->token(s.hub()).refused();
  error.message = hub::Explain(result.hub_error, asked);
  // Only a hub that may see the token can say that access is lacking; only an authority that a file is gone.
  const core::ErrorCause cause = CauseOf(result.hub_error.kind, asked);
  // ModelScope calls a repo absent that the token, or none, may not see.
  const bool unseen = s.hub() == hub::Hub::kModelScope && result.hub_error.kind == hub::HubErrorKind::kRepoNotFound;
  const bool believed = s.config.authority || unseen ||
                        (cause == core::ErrorCause::kUnauthorized && context_.sources.MaySendToken(source));
  if (!believed || !IsOfItsHub(source) || result.failure == core::Failure::kLinkExpired) return error;
  error.cause = cause;
  if (asked.token_sent && LacksAccess(result.hub_error.kind)) error.no_access = result.hub_error;
  return error;
}

bool Transfer::OnTokenRefused(core::SourceIndex source, const FetchResult& result, const PullError& error) {
  if (result.hub_error.kind != hub::HubErrorKind::kInvalidToken || result.token_sent.empty()) return false;
  const SourceConfig& config = context_.sources.at(source).config;
  bool again = false;
  std::vector<Claim> failing;
  ForEachClient([&](TransferClient& client) {
    switch (client.token(context_.sources.at(source).hub()).OnRefused(source, config.name, config.authority, result.token_sent)) {
      case PullToken::Remedy::kAskAgain:
        again = true;
        break;
      case PullToken::Remedy::kFail:
        for (const Claim& claim : claims_) {
          if (claim.client == &client) failing.push_back(claim);
        }
        break;
      case PullToken::Remedy::kOtherSource:
        break;
    }
  });
  for (const Claim& claim : failing) {
    claim.client->OnTransferFailed(claim.file_index, error);
    Leave(*claim.client, false);
  }
  return again || !failing.empty();
}

}  // namespace hfget::engine
