// How errors of the net and of hubs translate into decisions.
#ifndef HFGET_DAEMON_ENGINE_VERDICTS_H_
#define HFGET_DAEMON_ENGINE_VERDICTS_H_

#include <functional>
#include <optional>

#include "daemon/core/failure.h"
#include "daemon/core/pull_state.h"
#include "daemon/hub/address.h"
#include "daemon/hub/answer.h"
#include "daemon/hub/hub_error.h"
#include "daemon/hub/url.h"
#include "daemon/net/http.h"

namespace hfget::engine {

// What a hub's error means for a pull.
core::ErrorCause CauseOf(hub::HubErrorKind kind);
// The same, where it counts who asked: what cannot be seen without the token that was refused may be private.
core::ErrorCause CauseOf(hub::HubErrorKind kind, const hub::AskedFor& asked);
// What an error of the net, or of a hub, means for a source.
core::Failure FailureOf(net::NetError error);
core::Failure FailureOf(const hub::HubError& error);
// REQUIRES: neither bytes nor a redirect.
core::Failure FailureOf(const hub::Answer& answer);

// Where the one is who gave this answer for `url`.
hub::Zone AnswererOf(const hub::Url& url, const net::ResponseHead& head);
// For Request::may_connect of a request that somebody in this zone has led us to; nullopt: nobody has, the user named it.
std::function<bool(absl::string_view)> MayConnect(std::optional<hub::Zone> led_from);

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_VERDICTS_H_
