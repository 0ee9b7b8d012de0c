package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// dist is what web/assets/build.mjs made. A fresh clone has only its README until make assets has run; the program then
// builds all the same, and its pages are plain.
//
//go:embed dist
var dist embed.FS

// assets are styles, scripts and fonts under names that change with their content, so that browsers keep them for ever.
type assets struct {
	url   map[string]string // main.css → /assets/main-1a2b3c4d.css
	files map[string]asset  // by path
}

type asset struct {
	content []byte
	mime    string
}

func loadAssets() (*assets, error) {
	a := &assets{url: map[string]string{}, files: map[string]asset{}}
	entries, err := fs.ReadDir(dist, "dist")
	if err != nil {
		return nil, err
	}
	var css []string
	for _, e := range entries {
		name := e.Name()
		if ext := path.Ext(name); ext == ".md" || ext == ".txt" {
			continue
		} else if ext == ".css" {
			css = append(css, name) // after the fonts that they name
			continue
		}
		b, err := dist.ReadFile("dist/" + name)
		if err != nil {
			return nil, err
		}
		a.put(name, b)
	}
	for _, name := range css {
		b, err := dist.ReadFile("dist/" + name)
		if err != nil {
			return nil, err
		}
		for plain, url := range a.url {
			b = bytes.ReplaceAll(b, []byte(`url("`+plain+`")`), []byte(`url("`+url+`")`))
		}
		a.put(name, b)
	}
	return a, nil
}

func (a *assets) put(name string, b []byte) {
	sum := sha256.Sum256(b)
	ext := path.Ext(name)
	url := "/assets/" + strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:4]) + ext
	kind := mime.TypeByExtension(ext)
	switch ext {
	case ".woff2":
		kind = "font/woff2"
	case ".js":
		kind = "text/javascript; charset=utf-8"
	}
	a.url[name], a.files[url] = url, asset{b, kind}
}

func (a *assets) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.URL.Path]
	if !ok {
		http.NotFound(rw, r)
		return
	}
	rw.Header().Set("Content-Type", f.mime)
	rw.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(f.content))
}
