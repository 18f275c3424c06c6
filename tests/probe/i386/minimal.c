// Can this compiler make 32-bit programs? The build asks.
void _start(void) {
  __asm__ volatile("int $0x80" : : "a"(1), "b"(0));
}
