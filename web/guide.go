package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"entente/node"
)

// guides are the user guide for a desk officer, one file per language with the same sections, and its pictures, which
// make pictures takes from the example.
//
//go:embed guide
var guides embed.FS

type guideBody struct {
	Sections []link
	Text     template.HTML
}

var (
	guideSection = regexp.MustCompile(`<section id="([a-z]+)"><h2>([^<]+)</h2>`)
	guidePicture = regexp.MustCompile(`<figure data-picture="([a-z]+)"></figure>`)
)

// guide is open: whoever has no link yet may read how to sign in.
func (w *Web) guide(r *request) (answer, error) {
	b, err := guides.ReadFile("guide/guide." + r.lang + ".html")
	if err != nil {
		return nil, err
	}
	body := guideBody{}
	for _, m := range guideSection.FindAllSubmatch(b, -1) {
		body.Sections = append(body.Sections, link{Text: string(m[2]), Href: "#" + string(m[1])})
	}
	b = guidePicture.ReplaceAllFunc(b, func(m []byte) []byte {
		name := string(guidePicture.FindSubmatch(m)[1]) + "." + r.lang + ".png"
		if _, err := guides.Open("guide/" + name); err != nil {
			return nil
		}
		return fmt.Appendf(nil, `<figure class="ent-picture"><img src="/guide/pictures/%s" alt="%s" loading="lazy"></figure>`, name, template.HTMLEscapeString(r.t("guide.picture."+strings.SplitN(name, ".", 2)[0])))
	})
	body.Text = template.HTML(b) // our own file
	return page{name: "guide", title: r.t("guide.title"), body: body}, nil
}

func (w *Web) guideImage(r *request) (answer, error) {
	name := r.PathValue("name")
	b, err := guides.ReadFile("guide/" + name)
	if err != nil || path.Ext(name) != ".png" {
		return nil, fmt.Errorf("picture: %w", node.ErrNotFound)
	}
	return image{name, b}, nil
}

// image is a picture of the guide: no secret, and the same until the next version of the program.
type image struct {
	name    string
	content []byte
}

func (a image) write(rw http.ResponseWriter, r *request) error {
	rw.Header().Set("Cache-Control", "public, max-age=3600")
	http.ServeContent(rw, r.Request, a.name, time.Time{}, bytes.NewReader(a.content))
	return nil
}
