package web_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"entente/node"
)

var theBrowser struct {
	once sync.Once
	ctx  context.Context
	stop context.CancelFunc
	err  error
}

// tab is a tab of a real browser without a window, Debian's Chromium, with cookies of its own. A step that fails ends the test
// with the place where it stood.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func newTab(t *testing.T) *tab {
	t.Helper()
	theBrowser.once.Do(func() {
		path := "/usr/bin/chromium"
		if _, err := os.Stat(path); err != nil {
			theBrowser.err = fmt.Errorf("%w: make browser installs it", err)
			return
		}
		ctx, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
			chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-dev-shm-usage", true))...)
		ctx, stopBrowser := chromedp.NewContext(ctx)
		theBrowser.ctx, theBrowser.stop = ctx, func() { stopBrowser(); stop() }
		theBrowser.err = chromedp.Do(ctx)
	})
	if theBrowser.err != nil {
		t.Fatal(theBrowser.err)
	}
	ctx, stop := chromedp.NewContext(theBrowser.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	b := &tab{t, ctx}
	b.ok(chromedp.Do(ctx)) // opens the tab: it lives as long as the context of its first step
	return b
}

// do runs steps in order.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	b.ok(chromedp.Do(ctx, steps...))
}

// patience is how long a step may take: a machine may be busy.
const patience = time.Minute

func (b *tab) ok(err error) {
	b.t.Helper()
	if err == nil {
		return
	}
	ctx, stop := context.WithTimeout(b.ctx, patience/6) // a page that hangs tells nothing
	defer stop()
	at, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	b.t.Fatalf("%v\nat %s\n%.3000s", err, at, text)
}

// open goes to an address and waits for its heading.
func (b *tab) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url), chromedp.WaitVisible(chromedp.CSS("main h1")))
}

// press clicks what a CSS selector finds and waits for the page that follows.
func (b *tab) press(selector string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.before = "1"`), chromedp.Click(chromedp.CSS(selector)),
		chromedp.WaitReady(chromedp.CSS("html:not([data-before]) main h1")))
}

// text is what a person reads in the first element that a CSS selector finds.
func (b *tab) text(selector string) string {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	s, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(selector)))
	b.ok(err)
	return s
}

func (b *tab) at() string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Location())
	b.ok(err)
	return s
}

// evaluate runs a script in the page.
func evaluate[T any](b *tab, script string, o ...chromedp.EvaluateOption) T {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, o...))
	b.ok(err)
	return v
}

// signIn lets an office of a side in, in a language.
func (b *tab) signIn(x *side, office, lang string) {
	b.t.Helper()
	link, err := x.web.Link(b.t.Context(), office, time.Hour)
	b.ok(err)
	b.open(x.url + link)
	b.press("main form button")
	b.open(x.url + "/language/" + lang + "?back=/")
}

// says fails unless the page says all that.
func (b *tab) says(words ...string) {
	b.t.Helper()
	text := evaluate[string](b, `document.querySelector("main").innerText`)
	for _, w := range words {
		if !strings.Contains(text, w) {
			b.t.Fatalf("%s does not say %q:\n%.4000s", b.at(), w, text)
		}
	}
}

// eventually waits until something holds of a node, looking again whenever it changes.
func eventually(t *testing.T, n *node.Node, holds func() bool) {
	t.Helper()
	for {
		changed := n.Changed()
		if holds() {
			return
		}
		select {
		case <-changed:
		case <-time.After(time.Minute):
			t.Fatal("it did not come to that within a minute")
		}
	}
}

// value is what stands in a field.
func (b *tab) value(name string) string {
	b.t.Helper()
	return evaluate[string](b, `document.querySelector("main [name='`+name+`']").value`)
}

// upload puts a file into a field.
func (b *tab) upload(name, path string) {
	b.t.Helper()
	b.do(chromedp.SetUploadFiles(chromedp.CSS(`main [name="`+name+`"]`), []string{path}))
}
