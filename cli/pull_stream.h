// One WatchPull call, read into an inbox.
#ifndef HFGET_CLI_PULL_STREAM_H_
#define HFGET_CLI_PULL_STREAM_H_

#include <string>
#include <thread>

#include "cli/client.h"
#include "cli/inbox.h"

namespace hfget::cli {

// Owns: the call and the thread that reads it. The end of the stream is put last, and once; nothing
// is put after the destructor has returned.
class PullStream {
 public:
  PullStream(Client* client, const std::string& id, Inbox* inbox);
  ~PullStream();
  PullStream(const PullStream&) = delete;
  PullStream& operator=(const PullStream&) = delete;

 private:
  void Read(Client* client, const std::string& id, Inbox* inbox);

  grpc::ClientContext context_;
  std::thread thread_;
};

}  // namespace hfget::cli

#endif  // HFGET_CLI_PULL_STREAM_H_
