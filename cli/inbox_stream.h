// One streaming call, read into an inbox.
#ifndef HFGET_CLI_INBOX_STREAM_H_
#define HFGET_CLI_INBOX_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <thread>

#include "absl/status/status.h"
#include "cli/inbox.h"

namespace hfget::cli {

// Owns: the call and the thread that reads it. The end of the stream is put last, and once; nothing
// is put after the destructor has returned.
class InboxStream {
 public:
  // Makes the call, puts what comes of it into the inbox, and answers how it ended.
  // Thread: the stream's.
  using Read = std::function<absl::Status(grpc::ClientContext* call)>;

  InboxStream(Inbox* inbox, Read read);
  ~InboxStream();
  InboxStream(const InboxStream&) = delete;
  InboxStream& operator=(const InboxStream&) = delete;

 private:
  grpc::ClientContext call_;
  std::thread thread_;
};

}  // namespace hfget::cli

#endif  // HFGET_CLI_INBOX_STREAM_H_
