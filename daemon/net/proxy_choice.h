// Which proxy a request goes through, and who said so. Chosen here as libcurl would, because it does not tell whether it
// uses one.
#ifndef HFGET_DAEMON_NET_PROXY_CHOICE_H_
#define HFGET_DAEMON_NET_PROXY_CHOICE_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"

namespace hfget::net {

struct ProxyChoice {
  std::string url;     // without user and password; empty: none
  std::string origin;  // "$HTTPS_PROXY", "the configuration"; with no url, what kept one away ("$NO_PROXY"), or empty
};

// The value of an environment variable, empty when it is not set.
using GetVariable = std::function<std::string(const char* name)>;

// `setting`: as in Request::proxy. `is_https`, `host`: of what is asked for. Source: curl's "Environment" (7.88):
// http_proxy in lower case alone, the others in either; no_proxy holds names, suffixes, addresses, networks, "*".
ProxyChoice ChooseProxy(absl::string_view setting, bool is_https, absl::string_view host, const GetVariable& get);
// The same for this process's environment.
ProxyChoice ChooseProxy(absl::string_view setting, bool is_https, absl::string_view host);

// Its URL as it was written, with user and password: what is asked for is sent through it. Empty: none.
std::string ProxyOf(absl::string_view setting, bool is_https, absl::string_view host);

}  // namespace hfget::net

#endif  // HFGET_DAEMON_NET_PROXY_CHOICE_H_
