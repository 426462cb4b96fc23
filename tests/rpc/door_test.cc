#include "daemon/rpc/door.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rpc/guest.h"

namespace hfget::rpc {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class DoorTest : public GuestFixture {
 protected:
  template <typename Request, typename Response>
  static grpc::Status Call(v1::Hfget::Stub& stub,
                           grpc::Status (v1::Hfget::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                           const Request& request, Response* response) {
    grpc::ClientContext context;
    return (stub.*method)(&context, request, response);
  }
  static grpc::Status Ask(v1::Hfget::Stub& stub) {
    v1::GetVersionResponse response;
    return Call(stub, &v1::Hfget::Stub::GetVersion, v1::GetVersionRequest(), &response);
  }
  grpc::Status Pull(v1::Hfget::Stub& stub, const std::string& local_dir) {
    v1::PullRequest request;
    request.set_repo("org/model");
    request.set_local_dir(local_dir);
    v1::PullResponse response;
    return Call(stub, &v1::Hfget::Stub::Pull, request, &response);
  }
  engine::PullSnapshot OwnedBy(const std::string& owner, const std::string& id) {
    engine::PullSnapshot pull = APull(id);
    pull.owner = owner;
    pull.path = "/secret/place";
    engine_.Add(pull);
    return pull;
  }
};

// --- who comes in

TEST_F(DoorTest, AStrangerIsShownTheDoorWithoutAWord) {
  config_.allowed.users.clear();
  Start();
  // Root connects through a file that is open to root alone anyhow: what is shown is the second lock.
  ASSERT_EQ(chmod(socket().c_str(), 0666), 0);
  const int fd = ConnectAs(socket(), GuestUid());
  ASSERT_GE(fd, 0);
  const char greeting[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  send(fd, greeting, sizeof(greeting) - 1, MSG_NOSIGNAL);
  EXPECT_TRUE(HangsUp(fd));
  close(fd);
}

TEST_F(DoorTest, TheFileItselfKeepsOthersOut) {
  config_.allowed.users.clear();
  Start();
  if (!IsRoot()) GTEST_SKIP() << "needs root to become somebody else";
  EXPECT_EQ(ConnectAs(socket(), GuestUid()), -1);
}

TEST_F(DoorTest, AnAllowedUserIsServedAsAGuest) {
  Start();
  const auto guest = NewGuest();
  v1::GetVersionResponse version;
  EXPECT_CODE(Call(*guest, &v1::Hfget::Stub::GetVersion, v1::GetVersionRequest(), &version), OK);
  EXPECT_EQ(version.version(), "1.2.3");
  EXPECT_EQ(version.state_dir(), "");  // where the daemon keeps what
  EXPECT_EQ(version.log_file(), "");
  EXPECT_FALSE(version.logs_to_journal());
  EXPECT_EQ(version.pid(), 0);
  EXPECT_CODE(Pull(*guest, ""), OK);
  ASSERT_EQ(engine_.started().size(), 1u);
  EXPECT_EQ(engine_.started()[0].owner, GuestName());
}

TEST_F(DoorTest, TheDaemonsUserAndRootAreNoGuests) {
  Start();
  if (!IsRoot()) GTEST_SKIP() << "needs root to have two users";
  EXPECT_CODE(Pull(*own_, "/anywhere"), OK);
  EXPECT_EQ(engine_.started()[0].owner, "");
  EXPECT_EQ(engine_.started()[0].local_dir, "/anywhere");
}

TEST_F(DoorTest, TheSocketsFileIsAsOpenAsTheConfiguration) {
  EXPECT_EQ(ModeFor({1, {}, {}}).mode, 0600u);
  EXPECT_EQ(ModeFor({1, {}, {50}}).mode, 0660u);
  EXPECT_EQ(ModeFor({1, {}, {50}}).group, 50u);
  EXPECT_EQ(ModeFor({1, {7}, {}}).mode, 0666u);
  EXPECT_EQ(ModeFor({1, {}, {50, 51}}).mode, 0666u);
}

TEST_F(DoorTest, TheFileIsGivenToTheGroup) {
  config_.allowed.users.clear();
  config_.allowed.groups = {getegid()};
  Start();
  struct stat info;
  ASSERT_EQ(lstat(socket().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0660u);
  EXPECT_EQ(info.st_gid, getegid());
}

// --- what is whose

TEST_F(DoorTest, PullsOfOthersDoNotExistForAGuest) {
  OwnedBy("", "daemons");
  OwnedBy("user 7", "sevens");
  OwnedBy(GuestName(), "mine");
  Start();
  const auto guest = NewGuest();
  v1::ListPullsResponse list;
  ASSERT_TRUE(Call(*guest, &v1::Hfget::Stub::ListPulls, v1::ListPullsRequest(), &list).ok());
  ASSERT_EQ(list.pulls_size(), 1);
  EXPECT_EQ(list.pulls(0).id(), "mine");
  for (const std::string id : {"daemons", "sevens"}) {
    v1::GetPullRequest get;
    get.set_id(id);
    v1::GetPullResponse got;
    const grpc::Status status = Call(*guest, &v1::Hfget::Stub::GetPull, get, &got);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_THAT(status.error_message(), Not(HasSubstr("secret")));
    v1::GetPieceMapRequest map;
    map.set_id(id);
    v1::GetPieceMapResponse mapped;
    EXPECT_CODE(Call(*guest, &v1::Hfget::Stub::GetPieceMap, map, &mapped), NOT_FOUND);
    v1::CancelPullRequest cancel;
    cancel.set_id(id);
    v1::CancelPullResponse cancelled;
    EXPECT_CODE(Call(*guest, &v1::Hfget::Stub::CancelPull, cancel, &cancelled), NOT_FOUND);
    grpc::ClientContext context;
    v1::WatchPullRequest watch;
    watch.set_id(id);
    v1::WatchPullResponse seen;
    const auto stream = guest->WatchPull(&context, watch);
    EXPECT_FALSE(stream->Read(&seen));
    EXPECT_CODE(stream->Finish(), NOT_FOUND);
  }
  EXPECT_TRUE(engine_.cancelled().empty());
}

TEST_F(DoorTest, AGuestWatchesAndCancelsItsOwn) {
  OwnedBy(GuestName(), "mine");
  Start();
  const auto guest = NewGuest();
  grpc::ClientContext context;
  v1::WatchPullRequest watch;
  watch.set_id("mine");
  v1::WatchPullResponse seen;
  const auto stream = guest->WatchPull(&context, watch);
  EXPECT_TRUE(stream->Read(&seen));
  EXPECT_EQ(seen.pull().owner(), GuestName());
  context.TryCancel();
  v1::GetPieceMapRequest map;
  map.set_id("mine");
  v1::GetPieceMapResponse mapped;
  EXPECT_CODE(Call(*guest, &v1::Hfget::Stub::GetPieceMap, map, &mapped), OK);
  EXPECT_EQ(mapped.files_size(), 1);
  v1::CancelPullRequest cancel;
  cancel.set_id("mine");
  v1::CancelPullResponse cancelled;
  EXPECT_CODE(Call(*guest, &v1::Hfget::Stub::CancelPull, cancel, &cancelled), OK);
  EXPECT_EQ(engine_.cancelled().size(), 1u);
}

TEST_F(DoorTest, TheDaemonsUserSeesAndEndsAll) {
  OwnedBy("user 7", "sevens");
  OwnedBy("", "daemons");
  Start();
  if (!IsRoot()) GTEST_SKIP() << "needs root to have two users";
  v1::ListPullsResponse list;
  ASSERT_TRUE(Call(*own_, &v1::Hfget::Stub::ListPulls, v1::ListPullsRequest(), &list).ok());
  EXPECT_EQ(list.pulls_size(), 2);
  v1::CancelPullRequest cancel;
  cancel.set_id("sevens");
  v1::CancelPullResponse cancelled;
  EXPECT_CODE(Call(*own_, &v1::Hfget::Stub::CancelPull, cancel, &cancelled), OK);
}

TEST_F(DoorTest, WhatHoldsForAllIsNotAGuestsToChange) {
  engine::SourceSnapshot source;
  source.name = "tuna";
  source.reason = "sent wrong bytes of org/private";
  engine_.AddSource(source);
  Start();
  const auto guest = NewGuest();
  v1::SetSourceRequest set;
  set.set_name("tuna");
  set.set_change(v1::SetSourceRequest::CHANGE_DISABLE);
  v1::SetSourceResponse was_set;
  EXPECT_CODE(Call(*guest, &v1::Hfget::Stub::SetSource, set, &was_set), PERMISSION_DENIED);
  v1::ProbeSourceResponse probed;
  EXPECT_CODE(Call(*guest, &v1::Hfget::Stub::ProbeSource, v1::ProbeSourceRequest(), &probed), PERMISSION_DENIED);
  v1::ExplainSourceResponse explained;
  EXPECT_CODE(Call(*guest, &v1::Hfget::Stub::ExplainSource, v1::ExplainSourceRequest(), &explained), PERMISSION_DENIED);
  v1::GetStatsResponse stats;
  engine_.SetStats({});
  EXPECT_CODE(Call(*guest, &v1::Hfget::Stub::GetStats, v1::GetStatsRequest(), &stats), PERMISSION_DENIED);
  EXPECT_EQ(engine_.asked_stats(), 0);
  EXPECT_TRUE(engine_.changes().empty());
  v1::ListSourcesResponse list;
  ASSERT_TRUE(Call(*guest, &v1::Hfget::Stub::ListSources, v1::ListSourcesRequest(), &list).ok());
  EXPECT_EQ(list.sources(0).reason(), "");
}

// --- tokens

TEST_F(DoorTest, WhoseTheDaemonsTokenIsIsNotToldToAGuest) {
  Start();
  const auto guest = NewGuest();
  v1::WhoAmIResponse who;
  EXPECT_CODE(Call(*guest, &v1::Hfget::Stub::WhoAmI, v1::WhoAmIRequest(), &who), PERMISSION_DENIED);
  EXPECT_TRUE(engine_.asked_whose().empty());
  engine_.SetAccount({});
  v1::WhoAmIRequest mine;
  mine.set_token("hf_mine");
  EXPECT_CODE(Call(*guest, &v1::Hfget::Stub::WhoAmI, mine, &who), OK);
}

TEST_F(DoorTest, ADiagnosisOfAGuestIsWithoutTheDaemonsTokenAndEnvironment) {
  for (const bool shared : {false, true}) {
    config_.share_token = shared;
    server_ = nullptr;
    Start();
    const auto guest = NewGuest();
    grpc::ClientContext context;
    const auto stream = guest->Diagnose(&context, v1::DiagnoseRequest());
    v1::DiagnoseResponse first;
    ASSERT_TRUE(stream->Read(&first));
    EXPECT_TRUE(first.environment().empty());  // proxies and endpoints of the daemon's net
    EXPECT_CODE(stream->Finish(), OK);
    EXPECT_TRUE(engine_.diagnosed().back().anonymous);
  }
}

// --- targets

TEST_F(DoorTest, AGuestsFilesGoToTheDaemonsCacheAndNowhereElse) {
  Start();
  const auto guest = NewGuest();
  EXPECT_CODE(Pull(*guest, ""), OK);
  EXPECT_CODE(Pull(*guest, folder_ / "cache/mine"), OK);
  const grpc::Status status = Pull(*guest, "/etc");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("the target /etc is outside"), HasSubstr(folder_ / "cache")));
  ASSERT_EQ(engine_.started().size(), 2u);
  EXPECT_EQ(engine_.started()[0].cache_dir, folder_ / "cache");
  grpc::ClientContext context;
  v1::DiagnoseRequest diagnose;  // it would leave a probe file
  diagnose.set_local_dir("/etc");
  EXPECT_CODE(guest->Diagnose(&context, diagnose)->Finish(), PERMISSION_DENIED);
  EXPECT_TRUE(engine_.diagnosed().empty());
}

TEST_F(DoorTest, AnAllowListHoldsForTheDaemonsUserToo) {
  config_.allowed_targets = {folder_ / "cache"};
  Start();
  if (!IsRoot()) GTEST_SKIP() << "needs root to have two users";
  EXPECT_CODE(Pull(*own_, folder_ / "elsewhere"), PERMISSION_DENIED);
  EXPECT_CODE(Pull(*own_, folder_ / "cache/../elsewhere"), PERMISSION_DENIED);
  EXPECT_CODE(Pull(*own_, folder_ / "cache/a"), OK);
}

// --- limits

TEST_F(DoorTest, CallsThatComeTooFastAreRefusedWithTheLimit) {
  config_.limits.calls_per_sec = 5;
  Start();
  const auto guest = NewGuest();
  int refused = 0;
  std::string why;
  for (int i = 0; i < 60; ++i) {
    const grpc::Status status = Ask(*guest);
    if (status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED) continue;
    ++refused;
    why = status.error_message();
  }
  EXPECT_GT(refused, 0);
  EXPECT_THAT(why, AllOf(HasSubstr("5 calls a second"), HasSubstr("max_calls_per_second"), HasSubstr("wait")));
  if (IsRoot()) EXPECT_CODE(Ask(*own_), OK);  // another client is not held up
}

TEST_F(DoorTest, WatchesOfOneClientAreLimitedAndFreedWhenTheyEnd) {
  config_.limits.watches = 3;
  OwnedBy(GuestName(), "mine");
  Start();
  const auto guest = NewGuest();
  v1::WatchPullRequest watch;
  watch.set_id("mine");
  v1::WatchPullResponse seen;
  for (int round = 0; round < 3; ++round) {
    grpc::ClientContext contexts[4];
    std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchPullResponse>>> streams;
    for (int i = 0; i < 3; ++i) {
      streams.push_back(guest->WatchPull(&contexts[i], watch));
      // A place is free when the server has seen the end of the watch that had it.
      if (!streams.back()->Read(&seen)) {
        streams.pop_back();
        break;
      }
    }
    if (round == 0) {
      ASSERT_EQ(streams.size(), 3u);
      const grpc::Status status = guest->WatchPull(&contexts[3], watch)->Finish();
      EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
      EXPECT_THAT(status.error_message(), HasSubstr("max_watches_per_client"));
    }
    for (auto& context : contexts) context.TryCancel();
    for (auto& stream : streams) stream->Finish();
  }
}

TEST_F(DoorTest, WatchesOfAllTogetherAreLimitedToo) {
  config_.max_watches = 1;
  OwnedBy(GuestName(), "mine");
  Start();
  const auto guest = NewGuest();
  v1::WatchPullRequest watch;
  watch.set_id("mine");
  v1::WatchPullResponse seen;
  grpc::ClientContext first, second;
  const auto stream = guest->WatchPull(&first, watch);
  ASSERT_TRUE(stream->Read(&seen));
  const grpc::Status status = guest->WatchPull(&second, watch)->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("more than the daemon serves"));
  first.TryCancel();
  EXPECT_CODE(stream->Finish(), CANCELLED);
}

TEST_F(DoorTest, ARequestThatIsTooLongIsRefused) {
  Start();
  const auto guest = NewGuest();
  v1::PullRequest request;
  request.set_repo(std::string(kMaxRequestBytes + 1, 'x'));
  v1::PullResponse response;
  EXPECT_CODE(Call(*guest, &v1::Hfget::Stub::Pull, request, &response), RESOURCE_EXHAUSTED);
  request.set_repo("org/model");
  for (int i = 0; i < 100; ++i) request.add_include(std::string(1000, 'x'));
  EXPECT_CODE(Call(*guest, &v1::Hfget::Stub::Pull, request, &response), RESOURCE_EXHAUSTED);  // a thousand of those would be kept
  EXPECT_TRUE(engine_.started().empty());
  grpc::ClientContext context;
  context.AddMetadata("x", std::string(kMaxMetadataBytes + 1, 'x'));
  v1::GetVersionResponse version;
  EXPECT_CODE(guest->GetVersion(&context, {}, &version), RESOURCE_EXHAUSTED);
  EXPECT_CODE(Ask(*NewGuest()), OK);
}

TEST_F(DoorTest, ConnectionsOfOneClientAreLimited) {
  config_.limits.connections = 3;
  Start();
  std::vector<int> open;
  for (int i = 0; i < 3; ++i) open.push_back(ConnectAs(socket(), GuestUid()));
  const auto seated = [&](int fd) {  // a server speaks first in HTTP/2 when it was greeted
    const char greeting[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
    send(fd, greeting, sizeof(greeting), MSG_NOSIGNAL);
    return !HangsUp(fd);
  };
  for (const int fd : open) EXPECT_TRUE(seated(fd));
  const int more = ConnectAs(socket(), GuestUid());
  EXPECT_TRUE(HangsUp(more));
  close(more);
  for (const int fd : open) close(fd);
}

// --- nothing leaks

TEST_F(DoorTest, FiveHundredConnectionsComeAndGoWithoutATrace) {
  Start();
  EXPECT_CODE(Ask(*NewGuest()), OK);
  const auto settled = [](int wanted) {
    int open = OpenDescriptors();
    for (int i = 0; i < 500 && open > wanted; ++i) {
      usleep(10000);
      open = OpenDescriptors();
    }
    return open;
  };
  usleep(100000);
  const int before = OpenDescriptors();
  for (int i = 0; i < 250; ++i) EXPECT_CODE(Ask(*NewGuest()), OK);
  for (int i = 0; i < 250; ++i) {
    const int fd = ConnectAs(socket(), GuestUid());  // one that says nothing, or nonsense
    if (i % 2 == 0) send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);
    close(fd);
  }
  EXPECT_CODE(Ask(*NewGuest()), OK);  // the queue is in order: all before it were taken
  EXPECT_LE(settled(before), before);
}

TEST_F(DoorTest, WhoeverIsLetInMayAskForHealth) {
  Start();
  EXPECT_CODE(AskForHealth(NewGuestChannel()), OK);
}

TEST_F(DoorTest, StrangersLeaveNoDescriptorsBehind) {
  config_.allowed.users.clear();
  Start();
  chmod(socket().c_str(), 0666);
  const int before = OpenDescriptors();
  for (int i = 0; i < 500; ++i) {
    const int fd = ConnectAs(socket(), GuestUid());
    ASSERT_TRUE(HangsUp(fd));
    close(fd);
  }
  EXPECT_LE(OpenDescriptors(), before);
}

TEST_F(DoorTest, ADrainEndsConnectionsThatSayNothing) {
  Start();
  const int silent = ConnectAs(socket(), GuestUid());
  const auto guest = NewGuest();
  EXPECT_CODE(Ask(*guest), OK);
  server_->Drain(absl::Milliseconds(200));
  EXPECT_EQ(ConnectAs(socket(), GuestUid()), -1);
  char bytes[256];
  while (recv(silent, bytes, sizeof(bytes), 0) > 0) {
  }
  close(silent);
}

TEST_F(DoorTest, ANumberIsNeverAnotherClients) {
  PeerTable table;
  int pair[2];
  const auto seat = [&](const std::string& name) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    close(pair[1]);
    const absl::StatusOr<int> fd = table.Seat(pair[0], core::Caller{name}, 100);
    EXPECT_OK(fd);
    return *fd;
  };
  const int ann = seat("ann");
  close(ann);
  const int bob = seat("bob");  // the kernel gives the lowest number, which was ann's
  EXPECT_NE(bob, ann);
  EXPECT_EQ(table.Find(absl::StrCat("fd:", ann))->name, "ann");
  EXPECT_EQ(table.Find(absl::StrCat("fd:", bob))->name, "bob");
  const int again = seat("ann");
  EXPECT_EQ(again, ann);
  for (const std::string strange : {"", "fd:", "fd:x", "fd:99999", "unix:", "ipv4:127.0.0.1:1", "fd:-1"}) {
    EXPECT_FALSE(table.Find(strange)) << strange;
  }
  close(bob);
  close(again);
}

TEST_F(DoorTest, TheKernelTellsAllGroupsOfAPeer) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  const absl::StatusOr<core::PeerUser> peer = ReadPeerUser(pair[0]);
  ASSERT_OK(peer);
  EXPECT_EQ(peer->uid, geteuid());
  std::vector<gid_t> groups(getgroups(0, nullptr));
  groups.resize(getgroups(static_cast<int>(groups.size()), groups.data()));
  for (const gid_t group : groups) EXPECT_THAT(peer->groups, ::testing::Contains(group));
  EXPECT_THAT(peer->groups, ::testing::Contains(getegid()));
  close(pair[0]);
  close(pair[1]);
  EXPECT_THAT(ReadPeerUser(pair[0]), StatusIs(absl::StatusCode::kInternal, HasSubstr("who connects")));
}

}  // namespace
}  // namespace hfget::rpc
