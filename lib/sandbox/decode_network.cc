// Sockets: who is talked to, and whether that is somebody outside of the command.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <sstream>

#include "os/unique_fd.h"
#include "sandbox/decoder.h"

namespace bxl::sandbox {

namespace {

constexpr std::uint64_t kMaxMessages = 1024;  // UIO_MAXIOV, the kernel's bound for sendmmsg

constexpr std::size_t kMessage32 = 28;  // struct msghdr of a 32-bit program

// Name services and logging: their answers are projected (own user, looked-up names) or nobody
// reads them.
bool is_benign_daemon(std::string_view path) {
  for (std::string_view known : {"/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve",
                                 "/run/systemd/journal/dev-log", "/run/systemd/journal/socket",
                                 "/run/systemd/journal/stdout", "/dev/log"}) {
    if (path == known) return true;
  }
  return path.rfind("/run/systemd/userdb/", 0) == 0;
}

// Does a line of /proc/net/{tcp,udp}[6] show a local socket on this port, in state 0A (listening)
// for TCP?
bool somebody_listens(bool tcp, std::uint16_t port) {
  for (const char* version : {"", "6"}) {
    std::ifstream table(std::string("/proc/net/") + (tcp ? "tcp" : "udp") + version);
    std::string line;
    std::getline(table, line);
    while (std::getline(table, line)) {
      std::istringstream fields(line);
      std::string slot, local, remote, state;
      if (!(fields >> slot >> local >> remote >> state)) continue;
      const std::size_t colon = local.rfind(':');
      if (colon == std::string::npos) continue;
      if (std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port && (!tcp || state == "0A"))
        return true;
    }
  }
  return false;
}

bool abstract_exists(const std::string& name) {
  std::ifstream table("/proc/net/unix");
  std::string line;
  while (std::getline(table, line)) {
    const std::size_t at = line.find(" @");
    if (at != std::string::npos && line.substr(at + 2) == name) return true;
  }
  return false;
}

struct Inet {
  bool loopback = false;
  std::uint16_t port = 0;
  std::string text;
};

Inet inet_of(std::string_view address) {
  Inet out;
  char text[INET6_ADDRSTRLEN] = "";
  sa_family_t family;
  std::memcpy(&family, address.data(), sizeof family);
  if (family == AF_INET && address.size() >= sizeof(sockaddr_in)) {
    sockaddr_in in;
    std::memcpy(&in, address.data(), sizeof in);
    const std::uint32_t host = ntohl(in.sin_addr.s_addr);
    out.loopback = (host >> 24) == 127 || host == 0;
    out.port = ntohs(in.sin_port);
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    out.text = std::string(text) + ":" + std::to_string(out.port);
  } else if (family == AF_INET6 && address.size() >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in;
    std::memcpy(&in, address.data(), sizeof in);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&in.sin6_addr);
    out.loopback = IN6_IS_ADDR_LOOPBACK(&in.sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&in.sin6_addr) ||
                   (mapped && in.sin6_addr.s6_addr[12] == 127);
    out.port = ntohs(in.sin6_port);
    inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
    out.text = "[" + std::string(text) + "]:" + std::to_string(out.port);
  }
  return out;
}

sa_family_t family_of(std::string_view address) {
  sa_family_t family = AF_UNSPEC;
  if (address.size() >= sizeof family) std::memcpy(&family, address.data(), sizeof family);
  return family;
}

// The bytes of sun_path: up to the NUL for a path, all of them for an abstract name (which starts
// with a NUL).
std::string_view unix_name(std::string_view address) {
  std::string_view name = address.substr(offsetof(sockaddr_un, sun_path));
  if (name.empty() || name.front() == '\0') return name;
  return name.substr(0, std::min(name.find('\0'), name.size()));
}

}  // namespace

std::string Decoder::read_address(const Call& call, std::uint64_t address, std::uint64_t length) {
  if (address == 0 || length < sizeof(sa_family_t)) return {};
  std::string out(std::min<std::uint64_t>(length, sizeof(sockaddr_storage)), '\0');
  switch (call.who.read_bytes(address, out.data(), out.size())) {
    case Peek::Ok:
      return out;
    case Peek::Denied:
      unobserved(call, "the memory of the process cannot be read");
      return {};
    default:
      return {};
  }
}

void Decoder::reach_unix(const Call& call, std::string_view address) {
  const std::string_view name = unix_name(address);
  if (name.empty()) return;
  if (name.front() == '\0') {
    const std::string abstract(name.substr(1));
    if (bound_names_.count(abstract) != 0 || !abstract_exists(abstract)) return;
    return recorder_.reason("daemon", call.who.command_name(), "talks to the socket @" + abstract);
  }
  const auto place = locate_text(call, AT_FDCWD, name, Follow::Yes);
  if (!place) return;
  recorder_.note(*place, kAccess);
  // Absent, or not a socket: the call fails, and the probe above says on what.
  if (place->kind != FileKind::Other) return;
  const std::string path = paths_.str(place->id);
  if (bound_sockets_.count(place->id) != 0 || is_benign_daemon(path) || is_benign_daemon(name))
    return;
  recorder_.reason("daemon", call.who.command_name(), "talks to the socket " + path);
}

void Decoder::reach_inet(const Call& call, int fd, std::string_view address, bool connecting) {
  const Inet to = inet_of(address);
  if (to.text.empty()) return;  // too short: EINVAL
  const UniqueFd socket(call.who.copy_descriptor(fd));
  int type = SOCK_STREAM;
  socklen_t size = sizeof type;
  if (socket) getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size);
  const bool tcp = type == SOCK_STREAM;
  // getaddrinfo() connects datagram sockets to port 0 only to ask for the route; nothing is sent.
  // With a port, a later write() would not be seen, so the connect counts.
  if (connecting && !tcp && to.port == 0) return;
  if (to.loopback && (bound_ports_.count(to.port) != 0 || !somebody_listens(tcp, to.port))) return;
  if (scopes_.trusts_network()) return;
  if (scopes_.denies_network()) {  // a socket that was given to the command
    recorder_.violation(Violation::Kind::Network, to.text, call.who.command_name(), true);
    refusal_ = EACCES;
    return;
  }
  recorder_.reason("network", call.who.command_name(), "talks to " + to.text);
}

void Decoder::reach(const Call& call, int fd, std::string_view address, bool connecting) {
  if (address.empty()) return;
  switch (family_of(address)) {
    case AF_UNSPEC:   // dissolves an association
    case AF_NETLINK:  // the kernel answers
    case AF_ALG:
      return;
    case AF_UNIX:
      return reach_unix(call, address);
    case AF_INET:
    case AF_INET6:
      return reach_inet(call, fd, address, connecting);
    default:
      return recorder_.reason("network", call.who.command_name(),
                              "uses address family " + std::to_string(family_of(address)));
  }
}

void Decoder::socket_call(const Call& call) {
  const int family = call.int_arg(0);
  if (!scopes_.denies_network() || family == AF_UNIX || family == AF_NETLINK || family == AF_ALG)
    return;
  const std::string name = family == AF_INET     ? "AF_INET"
                           : family == AF_INET6  ? "AF_INET6"
                           : family == AF_PACKET ? "AF_PACKET"
                                                 : "family " + std::to_string(family);
  recorder_.violation(Violation::Kind::Network, name, call.who.command_name(), true);
  refusal_ = EACCES;
}

void Decoder::connect_call(const Call& call) {
  reach(call, call.int_arg(0), read_address(call, call.arg(1), call.arg(2)), true);
}

void Decoder::send_to(const Call& call, int fd, std::uint64_t address, std::uint64_t length) {
  reach(call, fd, read_address(call, address, length), false);
}

void Decoder::sendmsg_call(const Call& call, bool many) {
  const std::uint64_t count = many ? std::min(call.arg(2), kMaxMessages) : 1;
  // struct mmsghdr is a struct msghdr and a length, padded to a word.
  const std::size_t size = call.narrow ? kMessage32 : sizeof(msghdr);
  const std::size_t stride = !many ? 0 : call.narrow ? kMessage32 + 4 : sizeof(mmsghdr);
  for (std::uint64_t i = 0; i < count; ++i) {
    msghdr header{};
    switch (call.who.read_bytes(call.arg(1) + i * stride, &header, size)) {
      case Peek::Ok:
        break;
      case Peek::Denied:
        return unobserved(call, "the memory of the process cannot be read");
      default:
        return;
    }
    auto name = reinterpret_cast<std::uint64_t>(header.msg_name);
    std::uint64_t length = header.msg_namelen;
    if (call.narrow) {  // both are in what the wide layout has for a pointer
      length = name >> 32;
      name &= 0xffffffff;
    }
    if (name != 0) send_to(call, call.int_arg(0), name, length);
  }
}

void Decoder::bind_call(const Call& call) {
  const std::string address = read_address(call, call.arg(1), call.arg(2));
  if (address.empty()) return;
  const sa_family_t family = family_of(address);
  if (family == AF_UNIX) {
    const std::string_view name = unix_name(address);
    if (name.empty()) return;
    if (name.front() == '\0') {
      bound_names_.emplace(name.substr(1));
    } else if (auto place = locate_text(call, AT_FDCWD, name, Follow::No)) {
      if (place->kind == FileKind::Absent) bound_sockets_.insert(place->id);
      make(call, *place, kCreate);
    }
  } else if (family == AF_INET || family == AF_INET6) {
    const Inet here = inet_of(address);
    if (here.port != 0) bound_ports_.insert(here.port);
  }
}

// A server that let the kernel choose its port has it by now.
void Decoder::listen_call(const Call& call) {
  const UniqueFd socket(call.who.copy_descriptor(call.int_arg(0)));
  if (!socket) return;
  sockaddr_storage here{};
  socklen_t size = sizeof here;
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&here), &size) != 0) return;
  const Inet found = inet_of({reinterpret_cast<const char*>(&here), size});
  if (found.port != 0) bound_ports_.insert(found.port);
}

}  // namespace bxl::sandbox
