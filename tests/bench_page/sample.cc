// bench_page_sample FOLDER: writes the pages of the sample benches there, for tests/e2e/test_bench_page.py and for whoever works on their
// look: bench.html, history.html, and hostile.html, in which every text tries to be markup.
#include <filesystem>
#include <fstream>
#include <string>

#include "cli/bench_html.h"
#include "tests/cli/bench_samples.h"

namespace hfget::cli {
namespace {

constexpr char kMarkup[] = "<img src=x onerror=alert(1)>\"'></svg></table><script>document.title='run'</script>&amp;";

// Every string of every message below.
void SpoilTexts(google::protobuf::Message* message) {
  const google::protobuf::Reflection* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    using Field = google::protobuf::FieldDescriptor;
    if (field->cpp_type() == Field::CPPTYPE_STRING) {
      if (!field->is_repeated()) {
        reflection->SetString(message, field, kMarkup + reflection->GetString(*message, field));
        continue;
      }
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        reflection->SetRepeatedString(message, field, i, kMarkup + reflection->GetRepeatedString(*message, field, i));
      }
    } else if (field->cpp_type() == Field::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) {
        SpoilTexts(reflection->MutableMessage(message, field));
        continue;
      }
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) SpoilTexts(reflection->MutableRepeatedMessage(message, field, i));
    }
  }
}

BenchRun HostileBench() {
  BenchRun run = testing::SampleBench();
  SpoilTexts(&run.plan);
  SpoilTexts(&run.report);
  for (v1::BenchSample& sample : run.samples) SpoilTexts(&sample);
  return run;
}

void WritePages(const std::filesystem::path& folder) {
  const BenchPlace place{"node17 (Linux x86_64)", absl::FromUnixSeconds(1767230000)};
  std::ofstream(folder / "bench.html") << BenchHtml(testing::SampleBench(), place);
  std::ofstream(folder / "history.html") << BenchHistoryHtml(testing::SampleBenchHistory(), place);
  std::ofstream(folder / "hostile.html") << BenchHtml(HostileBench(), {kMarkup, place.at});
}

}  // namespace
}  // namespace hfget::cli

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  hfget::cli::WritePages(argv[1]);
  return 0;
}
