// One request and its answer on one libcurl easy handle.
#ifndef HFGET_DAEMON_NET_EXCHANGE_H_
#define HFGET_DAEMON_NET_EXCHANGE_H_

#include <curl/curl.h>

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/net/head_reader.h"
#include "daemon/net/http.h"
#include "daemon/net/issuer_witness.h"
#include "daemon/net/trust.h"

namespace hfget::net {

// The same for all requests of a client.
struct ExchangeDefaults {
  std::string user_agent;
  long receive_buffer_bytes;
  long idle_seconds;
  Trust trust;
};

// What was seen while sockets were opened, and what may be.
struct SocketNotes {
  std::function<bool(absl::string_view)> may_connect;  // null: everywhere
  bool exhausted = false;                              // this machine has none left
  std::string address;                                 // the last one that was tried
  std::string forbidden;                               // the last one that was refused; empty: none
};

// A curl_slist whose strings are overwritten before they are freed: one of them may be a token.
class HeaderList {
 public:
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList();

  // Errors: INVALID_ARGUMENT for a line break or NUL, which would be a header of somebody else's;
  // RESOURCE_EXHAUSTED.
  absl::Status Add(absl::string_view name, absl::string_view value);
  // The header that libcurl would add by itself stays away.
  absl::Status Suppress(absl::string_view name);
  curl_slist* get() const { return head_; }

 private:
  absl::Status Append(const std::string& line);

  curl_slist* head_ = nullptr;
};

// Thread: the client's loop.
class Exchange {
 public:
  Exchange(RequestId id, Request request, Handler* handler)
      : id_(id), request_(std::move(request)), handler_(handler) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Sets everything on a fresh or reset handle, which is borrowed from now on. Errors: the request
  // cannot be sent; see refusal().
  absl::Status Attach(CURL* easy, const ExchangeDefaults& defaults);

  // No call to the handler follows, whatever libcurl does.
  void Detach() { handler_ = nullptr; }
  // After a pause; nothing otherwise. Calls the handler. Errors: the exchange is over.
  CURLcode Continue();

  // What became of it, in libcurl's words or in ours.
  Outcome OutcomeOf(CURLcode code);
  Outcome OutcomeOf(NetError error, std::string detail) const;

  RequestId id() const { return id_; }
  CURL* easy() const { return easy_; }
  Handler* handler() const { return handler_; }
  bool clean() const { return clean_; }  // ended well: the handle may be used again
  bool head_complete() const { return reader_.complete(); }
  NetError refusal() const { return refusal_; }
  absl::Duration head_timeout() const { return request_.head_timeout; }

  absl::Time head_deadline = absl::InfiniteFuture();  // the client's note

 private:
  static size_t OnHeaderLine(char* data, size_t size, size_t count, void* self);
  static size_t OnBodyBytes(char* data, size_t size, size_t count, void* self);

  absl::Status CheckRequest();
  absl::Status FillHeaders();
  CURLcode ChooseRoute(CURL* easy);
  CURLcode Examine(CURL* easy);
  size_t TakeHeaderLine(absl::string_view line);
  size_t TakeBody(absl::string_view data);
  size_t Pause();
  size_t Stop(NetError error, absl::string_view detail);
  std::string RemoteAddress() const;
  int ProxyStatus() const;
  Timing TimingOf() const;
  // libcurl's code alone does not say at which step it stopped.
  NetError ErrorOf(CURLcode code) const;

  const RequestId id_;
  Request request_;
  Handler* handler_;
  CURL* easy_ = nullptr;
  HeaderList headers_;
  HeadReader reader_;
  bool held_ = false;    // the handler said kPause to the head: no body before Continue
  bool paused_ = false;  // libcurl holds a piece that was not taken
  SocketNotes sockets_;
  bool by_proxy_ = false;
  std::optional<IssuerWitness> witness_;
  bool clean_ = false;
  ByteCount body_bytes_ = 0;
  NetError refusal_ = NetError::kNone;
  NetError stopped_ = NetError::kNone;  // why a callback ended the exchange
  std::string stop_detail_;
  char words_[CURL_ERROR_SIZE] = "";
};

}  // namespace hfget::net

#endif  // HFGET_DAEMON_NET_EXCHANGE_H_
