#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/commands.h"
#include "cli/daemon_control.h"
#include "cli/json.h"
#include "cli/top_view.h"

namespace hfget::cli {
namespace {

// What may be refused or unknown, and is then not shown.
template <typename T>
absl::StatusOr<std::optional<T>> IfTold(absl::StatusOr<T> answer) {
  if (answer.ok()) return std::optional<T>(*std::move(answer));
  const bool lost = absl::IsUnavailable(answer.status()) || absl::IsDeadlineExceeded(answer.status());
  if (lost) return answer.status();
  return std::optional<T>();
}

// Asks the daemon for all that is shown.
class TopReader {
 public:
  TopReader(Client* client, std::string selected) : client_(*client), selected_(std::move(selected)) {}

  // `style`: of what is to be drawn: as many cells are asked for as there is room for.
  absl::StatusOr<TopSnapshot> Read(const RenderStyle& style);

 private:
  // Without a wish the one that moves fastest, for as long as it runs.
  std::string Select(const v1::ListPullsResponse& pulls);
  absl::Status ReadDaemon(TopSnapshot* top);

  Client& client_;
  const std::string selected_;  // by the user; empty: none
  std::string followed_;
};

std::string TopReader::Select(const v1::ListPullsResponse& pulls) {
  if (!selected_.empty()) return selected_;
  const v1::Pull* fastest = nullptr;
  for (const v1::Pull& pull : pulls.pulls()) {
    if (pull.id() == followed_) return followed_;
    if (fastest == nullptr || pull.rate_bytes_per_sec() > fastest->rate_bytes_per_sec()) fastest = &pull;
  }
  return fastest == nullptr ? "" : fastest->id();
}

absl::Status TopReader::ReadDaemon(TopSnapshot* top) {
  auto daemon = client_.GetVersion();
  if (!daemon.ok()) return daemon.status();
  auto sources = client_.ListSources();
  if (!sources.ok()) return sources.status();
  auto pulls = client_.ListPulls(/*active_only=*/true);
  if (!pulls.ok()) return pulls.status();
  auto stats = IfTold(client_.GetStats());
  if (!stats.ok()) return stats.status();
  top->daemon = *std::move(daemon);
  top->sources = *std::move(sources);
  top->pulls = *std::move(pulls);
  top->stats = *std::move(stats);
  return absl::OkStatus();
}

absl::StatusOr<TopSnapshot> TopReader::Read(const RenderStyle& style) {
  TopSnapshot top;
  if (const absl::Status status = ReadDaemon(&top); !status.ok()) return status;
  top.selected = followed_ = Select(top.pulls);
  if (top.selected.empty()) return top;
  auto map = IfTold(client_.GetPieceMap(top.selected, TopCells(top, style)));
  if (!map.ok()) return map.status();
  top.map = *std::move(map);
  return top;
}

// Where nothing limits it.
RenderStyle PlainStyle(const Terminal& terminal) { return {.width = 80, .height = 0, .color = false, .unicode = terminal.unicode}; }

RenderStyle StyleOf(const Terminal& terminal) {
  const TerminalSize size = terminal.size();
  return {size.width, size.height, terminal.color, terminal.unicode};
}

void PrintOnce(Context& context, const Options& options, const TopSnapshot& top) {
  if (options.json) {
    context.out << TopJson(top) << "\n" << std::flush;
    return;
  }
  RenderStyle style = PlainStyle(context.out_terminal);
  if (context.out_terminal.draws) style.width = context.out_terminal.size().width;
  context.out << absl::StrJoin(RenderTop(top, style, context.now()), "\n") << "\n";
}

// Draws over the frame before, until the user goes; the last frame stays.
class TopLoop {
 public:
  TopLoop(Context* context, const Options* options, TopReader* reader)
      : context_(*context), options_(*options), reader_(*reader), screen_(&context->out) {}

  ExitCode Run();

 private:
  void Show(const TopSnapshot& top);
  // Until the next frame is due, or a signal came.
  int Wait();

  Context& context_;
  const Options& options_;
  TopReader& reader_;
  Screen screen_;
};

void TopLoop::Show(const TopSnapshot& top) {
  if (options_.json) return PrintOnce(context_, options_, top);
  const RenderStyle style = StyleOf(context_.out_terminal);
  screen_.Draw(RenderTop(top, style, context_.now()), style.width);
}

int TopLoop::Wait() {
  const Inbox::News news = context_.inbox.Wait(context_.now() + absl::Seconds(options_.top.interval));
  if (news.resumed) screen_.Forget();
  return news.signal;
}

ExitCode TopLoop::Run() {
  context_.inbox.Open();
  const absl::Cleanup close = [this] { context_.inbox.Close(); };
  while (context_.out.good() && !context_.out_terminal.reader_gone()) {
    const Terminal& terminal = context_.out_terminal;
    const absl::StatusOr<TopSnapshot> top = reader_.Read(options_.json ? PlainStyle(terminal) : StyleOf(terminal));
    if (!top.ok()) return Fail(context_, options_, top.status());
    Show(*top);
    if (const int signal = Wait(); signal != 0) return ExitCodeOfSignal(signal);
  }
  return ExitCode::kDone;  // Run says what became of the reader
}

}  // namespace

ExitCode RunTop(Context& context, const Options& options) {
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return Fail(context, options, control.status());
  absl::StatusOr<Client> client = control->Connect(Start::kNever);
  if (!client.ok()) return Fail(context, options, client.status());
  std::string selected;
  if (!options.id.empty()) {
    const absl::StatusOr<v1::Pull> pull = FindPull(&*client, options.id);
    if (!pull.ok()) return Fail(context, options, pull.status());
    selected = pull->id();
  }
  TopReader reader(&*client, selected);
  if (!options.top.once && (options.json || context.out_terminal.draws)) return TopLoop(&context, &options, &reader).Run();
  const absl::StatusOr<TopSnapshot> top = reader.Read(PlainStyle(context.out_terminal));
  if (!top.ok()) return Fail(context, options, top.status());
  PrintOnce(context, options, *top);
  return ExitCode::kDone;
}

}  // namespace hfget::cli
