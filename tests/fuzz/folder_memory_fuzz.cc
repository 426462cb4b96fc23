// What FolderMemory says of a tree is what the file system says. Each line is a verb and a path: "d" makes a folder, "f" a
// file, "l" a link, "r" removes, "x" an empty folder, anything else asks.
#include "daemon/layout/folder_memory.h"

#include "absl/strings/str_cat.h"
#include "daemon/hub/path_check.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {
namespace {

void Same(const absl::StatusOr<FileInfo>& a, const absl::StatusOr<FileInfo>& b) {
  HOLDS(absl::IsNotFound(a.status()) == absl::IsNotFound(b.status()));
  HOLDS(a.ok() == b.ok());
  if (a.ok()) HOLDS(a->is_directory == b->is_directory && a->is_symlink == b->is_symlink && a->size == b->size);
}

}  // namespace

FUZZ(input) {
  testing::MemoryFileSystem below;
  layout::FolderMemory memory(below);
  Lines lines(input);
  for (int steps = 0; !lines.done() && steps < 100; ++steps) {
    const absl::string_view line = lines.Next();
    if (line.size() < 2 || !hub::CheckPath(line.substr(1)).ok()) continue;
    const std::string path = absl::StrCat("/", line.substr(1));
    switch (line[0]) {
      case 'd': (void)memory.MakeDirectories(path); break;
      case 'f': (void)memory.WriteFileAtomically(path, "data", false); break;
      case 'l': (void)memory.Symlink("/d", path); break;
      case 'r': (void)memory.Remove(path); break;
      case 'x': (void)memory.RemoveDirectoryIfEmpty(path); break;
    }
    Same(memory.LStat(path), below.LStat(path));
    Same(memory.Stat(path), below.Stat(path));
    if (steps == 0) HOLDS(memory.Holds(path) == below.LStat(path).ok());
  }
}

}  // namespace hfget::fuzz
