// Preloaded into the program: a name server that never answers.
#include <netdb.h>
#include <unistd.h>

extern "C" int getaddrinfo(const char*, const char*, const addrinfo*, addrinfo**) {
  ::sleep(3600);
  return EAI_AGAIN;
}
