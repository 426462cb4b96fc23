// How errors of the net and of hubs translate into decisions.
#ifndef HFGET_DAEMON_ENGINE_VERDICTS_H_
#define HFGET_DAEMON_ENGINE_VERDICTS_H_

#include "daemon/core/failure.h"
#include "daemon/core/pull_state.h"
#include "daemon/hub/hub_error.h"
#include "daemon/net/http.h"

namespace hfget::engine {

// What a hub's error means for a pull.
core::ErrorCause CauseOf(hub::HubErrorKind kind);
// The same, where it counts who asked: what cannot be seen without the token that was refused may be private.
core::ErrorCause CauseOf(hub::HubErrorKind kind, const hub::AskedFor& asked);
// What an error of the net, or of a hub, means for a source.
core::Failure FailureOf(net::NetError error);
core::Failure FailureOf(const hub::HubError& error);

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_VERDICTS_H_
