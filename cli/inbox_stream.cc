#include "cli/inbox_stream.h"

#include <utility>

namespace hfget::cli {

InboxStream::InboxStream(Inbox* inbox, Read read) {
  inbox->BeginStream();
  thread_ = std::thread([this, inbox, read = std::move(read)] { inbox->PutEnd(read(&call_)); });
}

InboxStream::~InboxStream() {
  call_.TryCancel();
  thread_.join();
}

}  // namespace hfget::cli
