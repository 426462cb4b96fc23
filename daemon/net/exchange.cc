#include "daemon/net/exchange.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/net/curl_error.h"
#include "daemon/net/proxy_choice.h"

namespace hfget::net {
namespace {

constexpr size_t kStop = CURL_WRITEFUNC_ERROR;

// curl_easy_setopt in a row; the first error stays.
class Options {
 public:
  explicit Options(CURL* easy) : easy_(easy) {}

  template <typename T>
  Options& Set(CURLoption option, T value) {
    static_assert(std::is_same_v<T, long> || std::is_pointer_v<T>, "libcurl reads varargs");
    if (code_ == CURLE_OK) code_ = curl_easy_setopt(easy_, option, value);
    return *this;
  }
  Options& Text(CURLoption option, const std::string& value) {
    return Set(option, value.empty() ? nullptr : value.c_str());
  }
  CURLcode code() const { return code_; }

 private:
  CURL* easy_;
  CURLcode code_ = CURLE_OK;
};

long Milliseconds(absl::Duration duration) {
  return std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 1, 24 * 3600 * 1000);
}

// libcurl checks its rate limit between reads only, so that large reads overshoot it by up to a
// second's worth.
long BufferBytes(const Request& request, const ExchangeDefaults& defaults) {
  if (request.max_bytes_per_sec == 0) return defaults.receive_buffer_bytes;
  return std::clamp<long>(request.max_bytes_per_sec / 1000, 1024, defaults.receive_buffer_bytes);
}

void SetProtocol(Options& options, const ExchangeDefaults& defaults) {
  options.Set(CURLOPT_PROTOCOLS_STR, "http,https")
      .Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1))
      .Set(CURLOPT_HTTP09_ALLOWED, 0L)
      .Set(CURLOPT_FOLLOWLOCATION, 0L)
      .Set(CURLOPT_HTTP_CONTENT_DECODING, 0L)
      .Set(CURLOPT_PATH_AS_IS, 1L)  // a signature covers the path as written
      .Set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L)
      .Text(CURLOPT_USERAGENT, defaults.user_agent);
}

// Empty for what is neither IPv4 nor IPv6.
std::string IpOf(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof(text));
  } else if (address.sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof(text));
  }
  return text;
}

std::string AddressOf(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    return absl::StrCat(IpOf(address), ":", ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port));
  }
  if (address.sa_family != AF_INET6) return "";
  return absl::StrCat("[", IpOf(address), "]:", ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port));
}

// libcurl's own would call it a failed connect, and the server would be blamed for this machine's
// limits.
curl_socket_t OpenSocket(void* data, curlsocktype, curl_sockaddr* address) {
  auto& notes = *static_cast<SocketNotes*>(data);
  notes.address = AddressOf(address->addr);
  if (notes.may_connect != nullptr && !notes.may_connect(IpOf(address->addr))) {
    notes.forbidden = IpOf(address->addr);
    return CURL_SOCKET_BAD;  // the next address of the name is tried
  }
  errno = 0;
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  const bool limits = errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
  if (fd < 0 && limits) notes.exhausted = true;
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

// A kept connection opens no socket: somebody who was allowed to may have made it.
int BeforeRequest(void* data, char* address, char*, int, int) {
  auto& notes = *static_cast<SocketNotes*>(data);
  if (notes.may_connect == nullptr || notes.may_connect(address)) return CURL_PREREQFUNC_OK;
  notes.forbidden = address;
  return CURL_PREREQFUNC_ABORT;
}

void SetConnection(Options& options, const Request& request, const ExchangeDefaults& defaults,
                   SocketNotes& sockets) {
  options
      .Set(CURLOPT_NOSIGNAL, 1L)
      // Without it, ending a request whose name is being looked up waits for the resolver thread.
      .Set(CURLOPT_QUICK_EXIT, 1L)
      .Set(CURLOPT_BUFFERSIZE, BufferBytes(request, defaults))
      .Set(CURLOPT_TCP_NODELAY, 1L)
      .Set(CURLOPT_TCP_KEEPALIVE, 1L)
      .Set(CURLOPT_TCP_KEEPIDLE, 30L)
      .Set(CURLOPT_TCP_KEEPINTVL, 15L)
      .Set(CURLOPT_MAXAGE_CONN, defaults.idle_seconds)
      .Set(CURLOPT_OPENSOCKETFUNCTION, &OpenSocket)
      .Set(CURLOPT_OPENSOCKETDATA, &sockets)
      .Set(CURLOPT_PREREQFUNCTION, &BeforeRequest)
      .Set(CURLOPT_PREREQDATA, &sockets)
      .Set(CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(request.connect_timeout))
      .Set(CURLOPT_MAX_RECV_SPEED_LARGE, static_cast<long>(request.max_bytes_per_sec));
}

// Never left to libcurl to read from the environment: who may be connected to hangs on whether there is a proxy, and this
// libcurl does not tell. An empty one is none.
void SetProxy(Options& options, const std::string& proxy) {
  const std::string no_exception;  // was seen to by ProxyOf
  options.Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L)
      .Set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE))  // no token for the proxy
      .Set(CURLOPT_PROXY, proxy.c_str())
      .Set(CURLOPT_NOPROXY, no_exception.c_str());
}

// As libcurl will read it: numbers that stand for addresses are spelled out, IPv6 has no brackets. Empty: not a URL.
std::string HostOf(const std::string& url) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), curl_url_cleanup);
  char* host = nullptr;
  if (parsed == nullptr || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return "";
  if (curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) return "";
  const std::unique_ptr<char, void (*)(void*)> owned(host, curl_free);
  absl::string_view name = host;
  if (absl::ConsumePrefix(&name, "[")) absl::ConsumeSuffix(&name, "]");
  return std::string(name);
}

void SetTrust(Options& options, const Trust& trust) {
  options.Set(CURLOPT_SSL_VERIFYPEER, 1L)
      .Set(CURLOPT_SSL_VERIFYHOST, 2L)
      .Set(CURLOPT_PROXY_SSL_VERIFYPEER, 1L)
      .Set(CURLOPT_PROXY_SSL_VERIFYHOST, 2L)
      .Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (trust.file.empty() && trust.folder.empty()) return;
  // Both, always: what is given replaces the built-in default instead of adding to it.
  options.Text(CURLOPT_CAINFO, trust.file)
      .Text(CURLOPT_CAPATH, trust.folder)
      .Text(CURLOPT_PROXY_CAINFO, trust.file)
      .Text(CURLOPT_PROXY_CAPATH, trust.folder);
}

void SetMethod(Options& options, const Request& request) {
  if (request.method == "HEAD") {
    options.Set(CURLOPT_NOBODY, 1L);
  } else if (request.method == "POST") {
    options.Set(CURLOPT_POST, 1L)
        .Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<long>(request.body.size()))
        .Set(CURLOPT_POSTFIELDS, request.body.c_str());
  } else {
    options.Set(CURLOPT_HTTPGET, 1L);
  }
}

}  // namespace

HeaderList::~HeaderList() {
  for (curl_slist* entry = head_; entry != nullptr; entry = entry->next) {
    for (volatile char* c = entry->data; *c != '\0'; ++c) *c = '\0';
  }
  curl_slist_free_all(head_);
}

absl::Status HeaderList::Add(absl::string_view name, absl::string_view value) {
  static constexpr absl::string_view kBreaks("\r\n\0", 3);
  if (name.empty() || name.find_first_of(kBreaks) != absl::string_view::npos ||
      value.find_first_of(kBreaks) != absl::string_view::npos) {
    return absl::InvalidArgumentError("a line break in a request header");
  }
  // "Name;" is libcurl's way of saying a header without a value.
  const Secret line(value.empty() ? absl::StrCat(name, ";") : absl::StrCat(name, ": ", value));
  return Append(line.Reveal());
}

absl::Status HeaderList::Suppress(absl::string_view name) {
  return Append(absl::StrCat(name, ":"));
}

absl::Status HeaderList::Append(const std::string& line) {
  curl_slist* head = curl_slist_append(head_, line.c_str());
  if (head == nullptr) return absl::ResourceExhaustedError("no memory for headers");
  head_ = head;
  return absl::OkStatus();
}

absl::Status Exchange::CheckRequest() {
  if (!absl::StartsWithIgnoreCase(request_.url, "http://") &&
      !absl::StartsWithIgnoreCase(request_.url, "https://")) {
    refusal_ = NetError::kUnsupportedUrl;
    return absl::InvalidArgumentError("only http and https are supported");
  }
  if (request_.method != "GET" && request_.method != "HEAD" && request_.method != "POST") {
    return absl::InvalidArgumentError("only GET, HEAD and POST are supported");
  }
  return absl::OkStatus();
}

absl::Status Exchange::FillHeaders() {
  absl::Status status;
  for (const auto& [name, value] : request_.headers) status.Update(headers_.Add(name, value));
  status.Update(headers_.Add("Accept-Encoding", "identity"));
  if (!request_.bearer.empty()) {
    const Secret value(absl::StrCat("Bearer ", request_.bearer.Reveal()));
    status.Update(headers_.Add("Authorization", value.Reveal()));
  }
  if (!request_.bearer.empty() && !request_.bearer_cookie.empty()) {
    // What would end the cookie, or begin another one, is in no token; such a one goes in the header alone.
    const std::string& token = request_.bearer.Reveal();
    const Secret cookie(absl::StrCat(request_.bearer_cookie, "=", token));
    if (token.find_first_of(";, \"\\") == std::string::npos) status.Update(headers_.Add("Cookie", cookie.Reveal()));
  }
  // Waiting for "100 Continue" would cost a round trip, or a second where the server does not know
  // it.
  if (request_.method == "POST") status.Update(headers_.Suppress("Expect"));
  return status;
}

absl::Status Exchange::Attach(CURL* easy, const ExchangeDefaults& defaults) {
  refusal_ = NetError::kLocal;
  if (absl::Status status = CheckRequest(); !status.ok()) return status;
  if (absl::Status status = FillHeaders(); !status.ok()) return status;
  easy_ = easy;
  Options options(easy);
  SetProtocol(options, defaults);
  const bool https = absl::StartsWithIgnoreCase(request_.url, "https:");
  const Secret proxy(ProxyOf(request_.proxy, https, HostOf(request_.url)));
  by_proxy_ = !proxy.empty();
  if (!by_proxy_) sockets_.may_connect = request_.may_connect;
  SetConnection(options, request_, defaults, sockets_);
  SetProxy(options, proxy.Reveal());
  SetTrust(options, request_.ca_bundle.empty() ? defaults.trust : Trust{request_.ca_bundle, ""});
  SetMethod(options, request_);
  options.Text(CURLOPT_URL, request_.url)
      .Set(CURLOPT_HTTPHEADER, headers_.get())
      .Set(CURLOPT_ERRORBUFFER, &words_[0])
      .Set(CURLOPT_PRIVATE, this)
      .Set(CURLOPT_HEADERFUNCTION, &OnHeaderLine)
      .Set(CURLOPT_HEADERDATA, this)
      .Set(CURLOPT_WRITEFUNCTION, &OnBodyBytes)
      .Set(CURLOPT_WRITEDATA, this);
  CURLcode code = options.code();
  if (request_.examine && code == CURLE_OK) code = Examine(easy);
  if (code == CURLE_OK) return absl::OkStatus();
  return absl::InternalError(curl_easy_strerror(code));
}

CURLcode Exchange::Examine(CURL* easy) {
  Options options(easy);
  options.Set(CURLOPT_FRESH_CONNECT, 1L)
      .Set(CURLOPT_FORBID_REUSE, 1L)
      .Set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
  return options.code() == CURLE_OK ? witness_.emplace().Attach(easy) : options.code();
}

size_t Exchange::OnHeaderLine(char* data, size_t size, size_t count, void* self) {
  return static_cast<Exchange*>(self)->TakeHeaderLine(absl::string_view(data, size * count));
}

size_t Exchange::OnBodyBytes(char* data, size_t size, size_t count, void* self) {
  return static_cast<Exchange*>(self)->TakeBody(absl::string_view(data, size * count));
}

size_t Exchange::Stop(NetError error, absl::string_view detail) {
  stopped_ = error;
  stop_detail_ = std::string(detail);
  return kStop;
}

size_t Exchange::Pause() {
  paused_ = true;
  return CURL_WRITEFUNC_PAUSE;
}

CURLcode Exchange::Continue() {
  held_ = false;
  // libcurl refuses this for a request that has no connection yet.
  if (!std::exchange(paused_, false)) return CURLE_OK;
  return curl_easy_pause(easy_, CURLPAUSE_CONT);
}

size_t Exchange::TakeHeaderLine(absl::string_view line) {
  if (handler_ == nullptr) return kStop;
  const HeadReader::State state = reader_.Take(line);
  if (state == HeadReader::State::kBroken) return Stop(NetError::kProtocol, reader_.problem());
  if (state != HeadReader::State::kFinal) return line.size();
  reader_.head().remote_address = RemoteAddress();
  reader_.head().by_proxy = by_proxy_;
  switch (handler_->OnHead(id_, reader_.head())) {
    case Handler::Next::kContinue:
      break;
    case Handler::Next::kPause:
      held_ = true;
      break;
    case Handler::Next::kAbort:
      return Stop(NetError::kCancelled, "ended at its head");
  }
  return handler_ == nullptr ? kStop : line.size();
}

size_t Exchange::TakeBody(absl::string_view data) {
  if (handler_ == nullptr) return kStop;
  if (held_) return Pause();
  if (data.empty()) return 0;
  switch (handler_->OnBody(id_, data)) {
    case Handler::Next::kContinue:
      break;
    case Handler::Next::kPause:
      return handler_ == nullptr ? kStop : Pause();
    case Handler::Next::kAbort:
      return Stop(NetError::kCancelled, "ended in its body");
  }
  body_bytes_ += data.size();
  return handler_ == nullptr ? kStop : data.size();
}

std::string Exchange::RemoteAddress() const {
  const char* ip = nullptr;
  long port = 0;
  curl_easy_getinfo(easy_, CURLINFO_PRIMARY_IP, &ip);
  curl_easy_getinfo(easy_, CURLINFO_PRIMARY_PORT, &port);
  if (ip == nullptr || *ip == '\0') return "";
  const bool v6 = absl::StrContains(ip, ":");
  return absl::StrCat(v6 ? "[" : "", ip, v6 ? "]:" : ":", port);
}

Timing Exchange::TimingOf() const {
  const auto at = [this](CURLINFO step) {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(easy_, step, &microseconds);
    return absl::Microseconds(microseconds);
  };
  Timing timing;
  timing.first_byte = at(CURLINFO_STARTTRANSFER_TIME_T);
  timing.total = at(CURLINFO_TOTAL_TIME_T);
  long connections = 0;
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &connections);
  timing.reused_connection = connections == 0 && reader_.complete();
  if (timing.reused_connection)
    return timing;  // libcurl reports the look into its pool as a connect
  timing.dns = at(CURLINFO_NAMELOOKUP_TIME_T);
  timing.connect = at(CURLINFO_CONNECT_TIME_T);
  timing.tls = at(CURLINFO_APPCONNECT_TIME_T);
  return timing;
}

int Exchange::ProxyStatus() const {
  long answer = 0;
  curl_easy_getinfo(easy_, CURLINFO_HTTP_CONNECTCODE, &answer);
  return static_cast<int>(answer);
}

NetError Exchange::ErrorOf(CURLcode code) const {
  const int proxy_answer = ProxyStatus();
  const NetError error = NetErrorOf(code);
  if (error == NetError::kReset && proxy_answer != 0 && proxy_answer / 100 != 2) {
    return NetError::kConnect;  // the proxy would not let us through
  }
  if (error == NetError::kConnect && sockets_.exhausted) return NetError::kLocal;
  const bool refused = code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK;
  if (refused && !sockets_.forbidden.empty()) return NetError::kForbidden;
  // What libcurl says of a line that is too long for it; where memory is short indeed, it does not come so far.
  if (code == CURLE_OUT_OF_MEMORY && !reader_.complete() && TimingOf().first_byte > absl::ZeroDuration()) {
    return NetError::kProtocol;
  }
  if (error == NetError::kConnectTimeout && TimingOf().dns == absl::ZeroDuration()) {
    return NetError::kResolve;
  }
  return error;
}

Outcome Exchange::OutcomeOf(CURLcode code) {
  clean_ = code == CURLE_OK;
  if (code == CURLE_OK && !reader_.complete()) {
    return OutcomeOf(NetError::kReset, "the connection ended within the head");
  }
  if (code == CURLE_OK) return OutcomeOf(NetError::kNone, "");
  if (stopped_ != NetError::kNone) return OutcomeOf(stopped_, stop_detail_);
  const NetError error = ErrorOf(code);
  if (error == NetError::kForbidden) {
    return OutcomeOf(error, absl::StrCat("its name leads to ", sockets_.forbidden,
                                         ", an address of a local network, where this answer may not send us"));
  }
  if (code == CURLE_OUT_OF_MEMORY && error == NetError::kProtocol) return OutcomeOf(error, "a header without end");
  return OutcomeOf(error,
                   LoggableDetail(words_[0] == '\0' ? curl_easy_strerror(code) : words_));
}

Outcome Exchange::OutcomeOf(NetError error, std::string detail) const {
  Outcome outcome;
  outcome.error = error;
  outcome.detail = std::move(detail);
  if (easy_ != nullptr) outcome.timing = TimingOf();
  if (easy_ != nullptr) outcome.proxy_status = ProxyStatus();
  outcome.body_bytes = body_bytes_;
  outcome.address = sockets_.address;
  if (witness_ && error == NetError::kTls) outcome.issuer = witness_->issuer();
  return outcome;
}

}  // namespace hfget::net
