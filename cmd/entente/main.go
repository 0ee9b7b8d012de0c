// Command entente runs a party's node of an implementation group and is the first client of its API.
package main

import (
	"os"

	"entente"
)

func main() {
	os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, entente.Standard()))
}
