// HTTP as the engine sees it. One request is one answer: redirects are never followed here, because where the next hop may
// go, and whether a token may go along, is the engine's decision.
#ifndef HFGET_DAEMON_NET_HTTP_H_
#define HFGET_DAEMON_NET_HTTP_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/base/secret.h"
#include "daemon/base/types.h"

namespace hfget::net {

struct Headers {
  // In order of arrival; names in lower case, values without surrounding space.
  std::vector<std::pair<std::string, std::string>> fields;

  // The first value of `name` (lower case), or empty. Find tells absent from empty.
  absl::string_view Get(absl::string_view name) const;
  const std::string* Find(absl::string_view name) const;
};

struct Request {
  std::string method = "GET";  // GET, HEAD or POST
  std::string url;             // absolute; http or https only
  std::vector<std::pair<std::string, std::string>> headers;
  Secret bearer;               // empty: no Authorization header. Never written to a log.
  std::string bearer_cookie;   // the name of a cookie that carries it as well; empty: none does
  std::string body;            // POST only
  std::string proxy = "env";   // "env": http_proxy and friends; "none"; or a proxy URL
  std::string ca_bundle;       // PEM file; empty: the system's, SSL_CERT_FILE and friends
  absl::Duration connect_timeout = absl::Seconds(10);
  // No total time-out, on purpose: a stall is the engine's to judge. This one ends a reply whose head does not come.
  absl::Duration head_timeout = absl::Seconds(30);
  ByteCount max_bytes_per_sec = 0;  // 0: no limit
  // Whether this address ("203.0.113.7", "fe80::1") may be connected to; null: any. Asked of each address that the name
  // leads to before a packet goes there, and of the one of a kept connection. Not asked of a proxy's: what lies behind it
  // is not seen.
  std::function<bool(absl::string_view address)> may_connect;
  // A connection of its own, which is not kept, so that every step is taken now; and Outcome::issuer is filled. Costs a
  // handshake and a parsed CA bundle.
  bool examine = false;
};

struct ResponseHead {
  int status = 0;
  Headers headers;
  std::string remote_address;  // "203.0.113.7:443"; empty when unknown
  bool by_proxy = false;       // that is the proxy's
};

// Why a request ended without a whole answer.
enum class NetError {
  kNone,
  kCancelled,       // by Client::Cancel or by the handler
  kResolve,         // name resolution
  kConnect,         // refused, unreachable
  kConnectTimeout,
  kForbidden,       // the name leads to addresses that Request::may_connect refuses
  kTls,             // handshake or certificate; never tried again insecurely
  kHeadTimeout,
  kReset,           // the connection broke before the body was whole
  kProtocol,        // not HTTP, headers beyond 256 KiB or 1,000 in number, …
  kUnsupportedUrl,  // a scheme that is not http or https
  kLocal,           // this machine: no sockets, no memory
};

// For people and logs: "connection reset", …
absl::string_view NetErrorName(NetError error);

struct Timing {  // since the request was started; zero when the step was not reached or was not needed
  absl::Duration dns, connect, tls, first_byte, total;
  bool reused_connection = false;
};

struct Outcome {
  NetError error = NetError::kNone;
  std::string detail;  // curl's own words; no URL query, no header
  Timing timing;
  ByteCount body_bytes = 0;
  std::string address;   // the last one that was tried, "203.0.113.7:443"; with a proxy, the proxy's
  int proxy_status = 0;  // what a proxy answered when it was asked to connect us; 0: it was not asked
  std::string issuer;    // examine only: of the certificate that was refused
};

using RequestId = uint64_t;

// What the caller does with an answer. Thread: the client's loop. Calls for one request come as OnHead, OnBody*, OnDone;
// OnDone comes exactly once, last, for every started request that was not cancelled by Client::Cancel.
class Handler {
 public:
  virtual ~Handler() = default;

  enum class Next { kContinue, kPause, kAbort };

  // The final status line and headers (1xx answers are skipped). kAbort: OnDone(kCancelled) follows.
  virtual Next OnHead(RequestId id, const ResponseHead& head) = 0;
  // At most 16 KiB. kPause: this piece was NOT taken and comes again after Client::Resume.
  virtual Next OnBody(RequestId id, absl::string_view data) = 0;
  virtual void OnDone(RequestId id, const Outcome& outcome) = 0;
};

// Thread: all calls from the loop that calls Poll, except Wake.
class Client {
 public:
  virtual ~Client() = default;

  // REQUIRES: `handler` outlives the request. Never calls the handler from inside.
  virtual RequestId Start(Request request, Handler* handler) = 0;
  // No call to the handler follows. Unknown ids are ignored. Safe from inside a handler, also for the request itself.
  virtual void Cancel(RequestId id) = 0;
  virtual void Resume(RequestId id) = 0;
  // Moves bytes and calls handlers; waits at most `max_wait` when there is nothing to do.
  virtual void Poll(absl::Duration max_wait) = 0;
  // Ends a wait in Poll, now or the next one. Thread: any.
  virtual void Wake() = 0;
};

}  // namespace hfget::net

#endif  // HFGET_DAEMON_NET_HTTP_H_
