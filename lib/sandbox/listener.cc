// ioctls on the listener.
#include "sandbox/listener.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

namespace bxl::sandbox {

namespace {

constexpr unsigned long kSyncWakeUp = 1;  // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP

std::size_t words(std::size_t bytes) { return (bytes + 7) / 8; }

}  // namespace

Listener::Listener(int fd) : fd_(fd) {
  seccomp_notif_sizes sizes{};
  syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
  request_.resize(words(std::max<std::size_t>(sizes.seccomp_notif, sizeof(seccomp_notif))));
  response_.resize(
      words(std::max<std::size_t>(sizes.seccomp_notif_resp, sizeof(seccomp_notif_resp))));
  ioctl(fd_, SECCOMP_IOCTL_NOTIF_SET_FLAGS, kSyncWakeUp);  // EINVAL before Linux 6.6
}

const seccomp_notif* Listener::receive() {
  std::fill(request_.begin(), request_.end(), 0);  // the kernel insists
  auto* request = reinterpret_cast<seccomp_notif*>(request_.data());
  return ioctl(fd_, SECCOMP_IOCTL_NOTIF_RECV, request) == 0 ? request : nullptr;
}

bool Listener::answer(const seccomp_notif& notification, int errnum) {
  auto* response = reinterpret_cast<seccomp_notif_resp*>(response_.data());
  response->id = notification.id;
  response->val = 0;
  response->error = -errnum;
  response->flags = errnum == 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
  return ioctl(fd_, SECCOMP_IOCTL_NOTIF_SEND, response) == 0;
}

bool Listener::answer_descriptor(const seccomp_notif& notification, int fd) {
  seccomp_notif_addfd request{};
  request.id = notification.id;
  request.flags = SECCOMP_ADDFD_FLAG_SEND;
  request.srcfd = static_cast<__u32>(fd);
  request.newfd_flags = O_CLOEXEC;
  return ioctl(fd_, SECCOMP_IOCTL_NOTIF_ADDFD, &request) >= 0;
}

}  // namespace bxl::sandbox
