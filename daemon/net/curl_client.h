// The client over libcurl's multi interface.
#ifndef HFGET_DAEMON_NET_CURL_CLIENT_H_
#define HFGET_DAEMON_NET_CURL_CLIENT_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "daemon/base/types.h"
#include "daemon/net/http.h"

namespace hfget::net {

struct CurlClientOptions {
  std::string user_agent = "hfget/" HFGET_VERSION;

  // Connections kept open while no request uses them. A descriptor each. Not a limit on requests at
  // once: that is the scheduler's.
  int idle_connections = 128;
  // An idle connection older than this is not used again: servers close theirs after 60 to 75 s,
  // and a request on a connection that is just being closed costs a round trip more.
  absl::Duration idle_time = absl::Seconds(60);

  // Request objects kept for the next request; some KiB each. Their receive buffers live only as
  // long as a request.
  int idle_handles = 64;
  // What one read from a socket takes at most. A handler still sees at most 16 KiB a call. Many requests at once share
  // all_receive_buffers_bytes, down to 64 KiB each.
  ByteCount receive_buffer_bytes = 256 * kKiB;
  ByteCount all_receive_buffers_bytes = 4 * kMiB;
};

// Certificate authorities are looked up in the environment here, once (see trust.h). Ignores
// SIGPIPE for the process: a TLS connection that the server closed would else end it. Cancel and
// the destructor never wait for name resolution that is under way.
std::unique_ptr<Client> NewCurlClient(CurlClientOptions options = {});

}  // namespace hfget::net

#endif  // HFGET_DAEMON_NET_CURL_CLIENT_H_
