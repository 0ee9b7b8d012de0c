package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress returns a function that shows how far long work is, on stderr; nothing where nobody looks.
func (a *app) progress(what string) (step func(done, total uint64), end func()) {
	if !a.flags.Progress && !a.onTerminal(a.err) {
		return func(uint64, uint64) {}, func() {}
	}
	var bar *progressbar.ProgressBar
	return func(done, total uint64) {
			if bar == nil {
				bar = progressbar.NewOptions64(int64(total), progressbar.OptionSetWriter(a.err), progressbar.OptionSetDescription(what),
					progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
				_ = bar.RenderBlank()
			}
			_ = bar.Set64(int64(done))
		}, func() {
			if bar != nil {
				_ = bar.Finish()
			}
		}
}
