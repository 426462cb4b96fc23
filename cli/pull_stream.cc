#include "cli/pull_stream.h"

#include <utility>

namespace hfget::cli {

PullStream::PullStream(Client* client, const std::string& id, Inbox* inbox) {
  inbox->BeginStream();
  thread_ = std::thread([=, this] { Read(client, id, inbox); });
}

PullStream::~PullStream() {
  context_.TryCancel();
  thread_.join();
}

void PullStream::Read(Client* client, const std::string& id, Inbox* inbox) {
  const auto reader = client->WatchPull(&context_, id);
  v1::WatchPullResponse response;
  while (reader->Read(&response)) inbox->PutSnapshot(std::move(*response.mutable_pull()));
  inbox->PutEnd(ToAbslStatus(reader->Finish(), client->socket()));
}

}  // namespace hfget::cli
