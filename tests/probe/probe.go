// The same, from a Go program: static, with its own system calls.
package main

import (
	"fmt"
	"os"
)

func main() {
	if os.Args[1] == "setup" {
		os.WriteFile("f", []byte("x"), 0o644)
		os.Mkdir("d", 0o755)
		os.WriteFile("d/g", []byte("x"), 0o644)
		return
	}
	os.ReadFile("f")
	os.Stat("nope")
	os.ReadDir("d")
	os.WriteFile("out", []byte("x"), 0o644)
	os.Rename("out", "moved")
	fmt.Println("= r file f\n= s absent nope\n= ae directory d [g]\n= rwcu absent out\n= sc absent moved")
}
