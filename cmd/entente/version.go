package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"entente"
	"entente/record"
)

type versionCmd struct{}

func (versionCmd) Help() string { return "Example:\n  entente version --json" }

func (versionCmd) Run(a *app) error {
	v := map[string]any{"version": version(), "go": runtime.Version(), "format": record.Format, "rules": entente.Rules, "kinds": a.kinds.Names()}
	return a.print(v, func(w io.Writer) {
		fmt.Fprintf(w, "entente %s, %s; record format %d, fold rules %d\n", version(), runtime.Version(), record.Format, entente.Rules)
	})
}

// version is that of the build: the module's, or the revision it was built from.
func version() string {
	b, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	v := b.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
		for _, s := range b.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				v = "devel-" + s.Value[:12]
			}
		}
	}
	return v
}
