// What the threads of the daemon are called, and how much the scheduler favours them.
#ifndef HFGET_DAEMON_BASE_THREAD_H_
#define HFGET_DAEMON_BASE_THREAD_H_

namespace hfget {

// As top -H and gdb show it; at most 15 bytes. Of the calling thread.
void NameThread(const char* name);

// The calling thread stands back behind the others: `nice` more than them, 0 to 19. Linux alone knows that of one thread.
void YieldToOthers(int nice);

}  // namespace hfget

#endif  // HFGET_DAEMON_BASE_THREAD_H_
