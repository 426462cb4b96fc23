// Every file of a store, damaged in every way we could think of, at rest: the daemon can always
// start, says what it lost, keeps what was damaged, and no value that it reads is wrong.
//
// Each file's turn is a process of its own, because damage can also crash a library; the parent
// never opens a RocksDB, whose threads would not live on in the children. HFGET_TEST_LONG=1 tries
// more places.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/log.h"
#include "tests/store/damage_scene.h"
#include "tests/store/faulty_env.h"
#include "tests/store/store_fixture.h"

namespace hfget::store {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kSecondsForOneOpening = 30;

class DamageDeathTest : public StoreTest {
 protected:
  DamageDeathTest() {
    spdlog::set_level(spdlog::level::off);
  }
  ~DamageDeathTest() override { spdlog::set_level(spdlog::level::info); }

  std::string pristine() const { return folder_ + "/pristine"; }
  fs::path report() const { return folder_ + "/report"; }

  // Runs `work` in a child; its report is what it wrote there. Fails when the child died.
  template <typename Work>
  std::string InChild(const std::string& what, Work work) {
    EXPECT_TRUE(MayFork());
    fs::remove(report());
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(kSecondsForOneOpening);
      try {
        work();
        store_.reset();
      } catch (const std::exception& e) {
        Say(e.what());
        std::_Exit(3);
      }
      std::_Exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    const std::string text = ReadBytes(report());
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
        << what << ": the process died (status " << status << ") in:\n" << text;
    return text;
  }

  void Say(const std::string& line) {
    std::FILE* const out = std::fopen(report().c_str(), "a");
    std::fprintf(out, "%s\n", line.c_str());
    std::fclose(out);
  }

  // The day in `runs` of the daemon, so that there are tables, and a table of contents with a past.
  // `killed`: the last run's changes are in the log, but for what has become too much for memory.
  void Make(size_t runs, bool killed, size_t digest_bytes = 4096,
            TableGate* gate = nullptr) {
    const auto day = History::Day(digest_bytes);
    for (const auto& [batch, durability] : day) history_.Apply(batch);
    InChild("making", [&] {
      for (size_t i = 0; i < day.size(); ++i) {
        if (i % (day.size() / runs + 1) == 0 && !Open().ok()) std::_Exit(1);
        if (i == day.size() / runs * (runs - 1) + 5 && gate != nullptr) gate->Close();
        if (!Commit(day[i].first, day[i].second).ok()) std::_Exit(2);
      }
      if (killed) CopyAsOfOneMoment();
      if (gate != nullptr) gate->Open();
      store_.reset();
      if (!killed) fs::rename(path(), pristine());
      fs::remove_all(path());
    });
    ASSERT_TRUE(fs::exists(pristine()));
  }

  // RocksDB's own threads may be at work: again, until nothing has changed meanwhile.
  void CopyAsOfOneMoment() {
    const auto look = [this] {
      std::map<std::string, uintmax_t> sizes;
      std::error_code gone;
      for (const auto& entry : fs::directory_iterator(path())) {
        sizes[entry.path().filename()] = entry.file_size(gone);
      }
      return sizes;
    };
    for (;;) {
      const auto before = look();
      std::error_code failed;
      fs::remove_all(pristine());
      fs::copy(path(), pristine(), fs::copy_options::recursive, failed);
      if (!failed && look() == before) return;
    }
  }

  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(pristine())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  void BeginAnew() {
    store_.reset();
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (absl::StartsWith(entry.path().filename().string(), "store")) fs::remove_all(entry.path());
    }
    fs::copy(pristine(), path(), fs::copy_options::recursive);
  }

  // Empty: all is well.
  std::string Judge(const std::string& file, const Harm& harm) {
    BeginAnew();
    harm.apply(fs::path(path()) / file);
    const std::string harmed = ReadBytes(fs::path(path()) / file);
    const absl::StatusOr<std::string> note = OpenOrReplace();
    if (!note.ok()) return absl::StrCat("does not open: ", note.status().ToString());
    const Records records = ReadRecords(*store_);
    if (note->empty()) {
      if (const std::string wrong = history_.WrongAsWhole(records); !wrong.empty()) return wrong;
      if (fs::exists(aside())) return "set aside without a word";
    } else {
      if (const std::string wrong = JudgeNote(*note, file, harmed); !wrong.empty()) return wrong;
      if (const std::string wrong = history_.WrongAsSalvage(records); !wrong.empty()) return wrong;
      ++noted_;
      kept_ += records.size();
    }
    return JudgeUse(records);
  }

  std::string JudgeNote(const std::string& note, const std::string& file,
                        const std::string& harmed) {
    if (!absl::StrContains(note, aside())) return "the note does not say where: " + note;
    if (absl::StrContains(note, "\n")) return "the note has two lines: " + note;
    if (!fs::exists(aside())) return "nothing is there: " + note;
    if (ReadBytes(fs::path(aside()) / file) != harmed) return "what was damaged was changed";
    for (const std::string& other : Files()) {
      if (other == file || absl::StartsWith(other, "LO")) continue;
      if (ReadBytes(fs::path(aside()) / other) != ReadBytes(fs::path(pristine()) / other)) {
        return "what was set aside was changed: " + other;
      }
    }
    return "";
  }

  // It takes new records, and the next start has nothing to say.
  std::string JudgeUse(Records records) {
    const Batch batch = Pull("new");
    if (const absl::Status status = Commit(batch); !status.ok()) return status.ToString();
    const absl::StatusOr<std::string> again = OpenOrReplace();
    if (!again.ok()) return again.status().ToString();
    if (!again->empty()) return "the next start says: " + *again;
    records[batch.puts[0].first] = batch.puts[0].second;
    if (ReadRecords(*store_) != records) return "the next start reads something else";
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename();
      const bool known = name == "store" || name == "pristine" || name == "report" ||
                         entry.path() == fs::path(aside());
      if (!known) return "left behind: " + name;
    }
    return "";
  }

  void HarmEveryFile() {
    const bool thorough = std::getenv("HFGET_TEST_LONG") != nullptr;
    size_t tried = 0, wrong = 0;
    for (const std::string& file : Files()) {
      const std::vector<Harm> harms = HarmsOf(fs::path(pristine()) / file, thorough);
      const std::string text = InChild(file, [&] {
        for (const Harm& harm : harms) {
          ::alarm(kSecondsForOneOpening);
          Say(absl::StrCat("try ", file, " ", harm.what));
          const std::string verdict = Judge(file, harm);
          if (!verdict.empty()) Say(absl::StrCat("WRONG ", file, " ", harm.what, ": ", verdict));
        }
        Say(absl::StrCat("noted ", noted_, " kept ", kept_));
      });
      size_t here = 0;
      for (absl::string_view line : absl::StrSplit(text, '\n')) {
        if (absl::StartsWith(line, "try ")) ++tried;
        if (!absl::StartsWith(line, "WRONG ")) continue;
        ++wrong;
        if (++here <= 6) ADD_FAILURE() << line;
      }
      std::printf("%s: %zu ways, %zu wrong; %s\n", file.c_str(), harms.size(), here,
                  text.substr(std::min(text.size(), text.rfind("noted "))).c_str());
    }
    std::printf("%zu damages tried, %zu wrong\n", tried, wrong);
    EXPECT_GT(tried, 300u);
  }

  History history_;
  size_t noted_ = 0, kept_ = 0;
};

TEST_F(DamageDeathTest, OfAClosedStore) {
  Make(4, false);
  HarmEveryFile();
}

TEST_F(DamageDeathTest, OfAKilledStore) {
  Make(3, true);
  HarmEveryFile();
}

// Killed while a table was being written: what it was to hold is in a log that is not the newest.
TEST_F(DamageDeathTest, OfAStoreKilledInAFlush) {
  TableGate gate;
  options_.env = gate.env.get();
  Make(2, true, 26'000, &gate);
  options_.env = nullptr;
  int logs = 0;
  for (const std::string& file : Files()) logs += absl::EndsWith(file, ".log");
  ASSERT_GE(logs, 2) << ::testing::PrintToString(Files());
  HarmEveryFile();
}

TEST_F(DamageDeathTest, OfAKilledStoreThatHadWrittenTables) {
  Make(2, true, 40'000);
  HarmEveryFile();
}

}  // namespace
}  // namespace hfget::store
