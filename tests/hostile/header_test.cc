// 10,000 sets of headers of a hostile server, through every verdict that is taken on them. HFGET_HOSTILE_SEED=n makes others.
#include <cstdio>
#include <map>

#include "absl/strings/str_split.h"
#include "daemon/hub/answer.h"
#include "daemon/hub/canary.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/ms_dialect.h"
#include "daemon/net/head_reader.h"
#include "gtest/gtest.h"
#include "tests/hostile/maker.h"
#include "tests/hostile/oracle.h"

namespace hfget::testing {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1790000000);

hub::ManifestFile File() {
  hub::ManifestFile file;
  file.path = "model.bin";
  file.size = 1000;
  file.hash = ContentHash::FromHex(std::string(64, 'b'));
  return file;
}

std::string First(const hub::HeaderFields& fields, absl::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return "";
}

void ExpectMayGo(const hub::Ask& ask, const hub::Url& next) {
  EXPECT_TRUE(next.scheme == "https" || (next.scheme == "http" && ask.url.scheme == "http")) << next.ToString();
  EXPECT_FALSE(IsInside(next.host)) << next.ToString() << " from a public hub";
  EXPECT_EQ(WrongWithLine(next.ToString(), 3 * 9000), "") << "it goes into a request line";
  EXPECT_EQ(next.ToString().find(' '), std::string::npos);
  EXPECT_EQ(next.host.find_first_of("@/?#\\%"), std::string::npos);
}

void ExpectProven(const hub::Ask& ask, int status, const hub::HeaderFields& fields, ByteCount length) {
  EXPECT_TRUE(status == 200 || status == 206);
  for (const auto& [name, value] : fields) {
    const bool coding = name == "content-encoding" || name == "transfer-encoding";
    EXPECT_FALSE(coding && absl::StrContains(value, "zip")) << value;
  }
  long long first = 0, last = 0, total = 0;
  const std::string range = First(fields, "content-range");
  if (!range.empty()) {
    EXPECT_EQ(std::sscanf(range.c_str(), "bytes %lld-%lld/%lld", &first, &last, &total), 3) << range;
    EXPECT_EQ(first, ask.range.begin);
    EXPECT_EQ(last + 1, ask.range.end);
    EXPECT_EQ(total, ask.file->size);
    EXPECT_EQ(length, ask.range.size());
  } else {
    EXPECT_EQ(status, 200);
    EXPECT_EQ(ask.range.begin, 0);
    EXPECT_EQ(length, ask.file->size);
  }
  EXPECT_FALSE(absl::StartsWithIgnoreCase(First(fields, "content-type"), "text/html"));
}

hub::Ask RandomAsk(Dice& dice, const hub::ManifestFile& file) {
  hub::Ask ask;
  const char* const urls[] = {"https://hub.test/org/model/resolve/x/model.bin", "http://hub.test:8080/org/model/resolve/x/model.bin"};
  ask.url = *hub::ParseUrl(dice.Of(urls));
  ask.range = dice.Odds(0.5) ? ByteRange{100, 200} : ByteRange{0, 1000};
  ask.at_data_host = dice.Odds(0.5);
  ask.commit = kHostileCommit;
  ask.file = &file;
  ask.hops = dice.Up(0, 12);
  if (dice.Odds(0.3)) ask.dialect = hub::Dialect::kModelScope;
  return ask;
}

TEST(HostileHeadersTest, NoAnswerLeadsInwardsOrPassesForWhatItIsNot) {
  const uint64_t seed = HostileSeed();
  const hub::ManifestFile file = File();
  std::map<hub::AnswerKind, int> kinds;
  for (int i = 0; i < 10000 && !::testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(absl::StrCat("seed ", seed + i));
    HostileMaker maker(seed + i);
    const hub::Ask ask = RandomAsk(maker.dice(), file);
    const int status = maker.Status();
    const hub::HeaderFields fields = maker.Headers();
    const hub::Answer answer = hub::JudgeAnswer(ask, status, fields, kNow);
    ++kinds[answer.kind];
    if (answer.kind == hub::AnswerKind::kRedirect) {
      EXPECT_LT(ask.hops, 10);
      ASSERT_TRUE(answer.next);
      ExpectMayGo(ask, *answer.next);
    } else {
      EXPECT_FALSE(answer.next);
    }
    if (answer.kind == hub::AnswerKind::kBytes) {
      ExpectProven(ask, status, fields, answer.length);
    } else {
      EXPECT_EQ(WrongWithLine(answer.why), "") << answer.why;
    }
  }
  std::printf("seed %llu:", static_cast<unsigned long long>(seed));
  for (const auto& [kind, count] : kinds) std::printf(" %d of kind %d", count, static_cast<int>(kind));
  std::printf("\n");
  EXPECT_GT(kinds[hub::AnswerKind::kBytes], 100);
  EXPECT_GT(kinds[hub::AnswerKind::kRedirect], 100);
}

TEST(HostileHeadersTest, EveryErrorIsOneLine) {
  const uint64_t seed = HostileSeed();
  for (int i = 0; i < 10000 && !::testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(absl::StrCat("seed ", seed + i));
    HostileMaker maker(seed + i);
    const int status = maker.Status();
    const hub::HeaderFields fields = maker.Headers();
    const std::string bodies[] = {maker.Junk(400), "{\"error\":\"\\u001b[2Jx\\ny\\u202e\"}", "{\"errors\":[{\"message\":[[[]]]},\"" + std::string(3000, 'e') + "\"]}", std::string(70000, '['),
                                  "{\"Code\":10990101007,\"Message\":\"\\u0007\",\"Success\":false}", "<html>"};
    const std::string& body = maker.dice().Of(bodies);
    hub::AskedFor asked;
    asked.repo.name = "org/model";
    asked.revision = "main";
    asked.source = "mirror";
    asked.endpoint = "https://hub.test";
    for (const hub::HubError& error : {hub::ClassifyError(status, fields, body, true, kNow), hub::ClassifyMsError(status, fields, body, kNow)}) {
      EXPECT_EQ(WrongWithLine(hub::Explain(error, asked), 2000), "") << hub::Explain(error, asked);
      EXPECT_LE(error.message.size(), 400u);
      if (error.retry_after) {
        EXPECT_GE(*error.retry_after, absl::ZeroDuration());
        EXPECT_LE(*error.retry_after, absl::Hours(24) + absl::Seconds(1));
      }
    }
    const std::string warning = hub::HubWarning(fields);
    EXPECT_TRUE(warning.empty() || WrongWithLine(warning).empty()) << warning;
    hub::ProbeAnswer probe{.reached = true, .status = status, .headers = fields, .body = body};
    const hub::CanaryResult canary = hub::JudgeCanary({probe, probe}, std::nullopt);
    EXPECT_NE(canary.verdict, hub::CanaryVerdict::kForwards) << "nobody passes for honest by chance";
  }
}

TEST(HostileHeadersTest, TheNextPageIsAtTheSourceItself) {
  const uint64_t seed = HostileSeed();
  const hub::RepoId repo{hub::RepoType::kModel, "org/model"};
  const std::string tree = absl::StrCat("https://hub.test/prefix/api/models/org/model/tree/", kHostileCommit, "?");
  int next_pages = 0;
  for (int i = 0; i < 10000 && !::testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(absl::StrCat("seed ", seed + i));
    HostileMaker maker(seed + i);
    const std::string next = hub::NextLink({{"link", maker.Link()}, {"link", maker.Link()}});
    if (next.empty()) continue;
    const auto url = hub::RebaseNextPage("https://hub.test/prefix", repo, kHostileCommit, next);
    if (!url.ok()) {
      EXPECT_EQ(WrongWithLine(std::string(url.status().message())), "");
      continue;
    }
    ++next_pages;
    EXPECT_TRUE(absl::StartsWith(*url, tree)) << *url;
    EXPECT_EQ(WrongWithLine(*url, 3 * 9000), "");
  }
  EXPECT_GT(next_pages, 100);
}

TEST(HostileHeadersTest, AHeadIsReadOrBrokenWhateverItsBytesAre) {
  const uint64_t seed = HostileSeed();
  int whole = 0;
  for (int i = 0; i < 10000 && !::testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(absl::StrCat("seed ", seed + i));
    HostileMaker maker(seed + i);
    net::HeadReader reader;
    net::HeadReader::State state = reader.Take(absl::StrCat("HTTP/1.1 ", maker.Status(), " x\r\n"));
    for (const auto& [name, value] : maker.Headers()) {
      if (state != net::HeadReader::State::kReading) break;
      const std::string ends[] = {"\r\n", "\n", "\r\n folded\r\n", ""};
      state = reader.Take(absl::StrCat(name, ":", value, maker.dice().Of(ends), "\n"));
    }
    if (state == net::HeadReader::State::kReading) state = reader.Take("\r\n");
    if (state == net::HeadReader::State::kBroken) {
      EXPECT_EQ(WrongWithLine(std::string(reader.problem())), "");
    }
    whole += state == net::HeadReader::State::kFinal;
    EXPECT_LE(reader.head().headers.fields.size(), net::kMaxFields);
  }
  EXPECT_GT(whole, 1000);
}

}  // namespace
}  // namespace hfget::testing
