package web_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A file is imported, cleared at home, signed; the other side, which saw nothing before, contests a figure, and both pages say so.
func TestFiguresAreImportedClearedAndContested(t *testing.T) {
	s := example(t)
	a, z := s.sides["MX"], s.sides["US"]
	mx, us, legal := newTab(t), newTab(t), newTab(t)
	mx.signIn(a, "line-lead-drugs", "es") // four eyes
	us.signIn(z, "desk", "en")
	legal.signIn(a, "legal", "es")
	id := a.measure(t, "homicide-files").String()
	file := filepath.Join(t.TempDir(), "incidencia.csv")
	row := "2018,6,Colima,x,Homicidio,Homicidio doloso,Con arma de fuego,77001,1,2,3,4,5,6,7,8,9,10,n/d\n2018,6,Colima,x,Homicidio,Homicidio culposo,x,9,9,9,9,9,9,9,9,9,9,9,9\n"
	latin1 := "A\xf1o,Clave_Ent,Entidad,Bien jur\xeddico afectado,Tipo de delito,Subtipo de delito,Modalidad,Enero,Febrero,Marzo,Abril,Mayo,Junio,Julio,Agosto,Septiembre,Octubre,Noviembre,Diciembre\n" + row
	must(t, os.WriteFile(file, []byte(latin1), 0o600))

	mx.open(a.url + a.slug(t) + "/indicators/" + id)
	mx.press("main a[href*='/figures?indicator=']")
	mx.press("main form button.govuk-button")
	mx.says("Elija un archivo")
	mx.open(a.url + a.slug(t) + "/figures?indicator=" + id + "&mapping=sesnsp-homicide")
	mx.upload("file", file)
	mx.fill(map[string]string{"vintage": "2018"})
	mx.press("main form button.govuk-button")
	mx.says("12 cifras son nuevas", "1 de ellas dice que no hay dato", "leído como ISO-8859-1", "77,001", "MX-COL")
	mx.accessible()
	mx.press("main form[action$='/preview'] button")
	mx.says("Las cifras quedaron en un borrador", "Secretariado Ejecutivo")
	draft := mx.at()
	mx.press(`main a[href$="/clearance"]`)
	mx.fill(map[string]string{"office.legal": "1"})
	mx.press("main form button")
	clearance := mx.at()
	look := newReader(t, z, "desk", "en")
	page := z.slug(t) + "/indicators/" + id
	if _, text := look.get(page + "?area=MX-COL&period=month"); strings.Contains(text, "77,001") {
		t.Error("the other side sees what is cleared at home")
	}
	legal.open(clearance)
	legal.says("77,001", "MX-COL", "Secretariado Ejecutivo")
	legal.accessible()
	legal.choose("word", "clear")
	legal.press("main form button")
	mx.open(draft)
	mx.sign(a, "line-lead-drugs", 1)
	mx.says("Falta otra firma")
	mx.sign(a, "line-lead-drugs", 2)
	us.until(t, z.url+page+"?area=MX-COL&period=month", func() bool {
		return strings.Contains(evaluate[string](us, `document.querySelector("main").textContent`), "77,001 files")
	})
	us.open(evaluate[string](us, `[...document.querySelectorAll("tr")].find(r => r.textContent.includes("77,001")).querySelector("td a").href`))
	us.says("Figures reported by Mexico", "77,001")
	evaluate[chromedp.Void](us, `[...document.querySelectorAll("tr")].find(r => r.innerText.includes("77,001")).querySelector("input[name=row]").click()`)
	us.choose("stance", "contest")
	us.fill(map[string]string{"body.en": "Ten times the months beside it."})
	us.press("main form[method=post] button.govuk-button")
	us.sign(z, "desk", 1)
	mx.until(t, a.url+a.slug(t)+"/indicators/"+id+"?area=MX-COL&period=month", func() bool {
		return strings.Contains(evaluate[string](mx, `document.querySelector("main").textContent`), "Estados Unidos tiene observaciones")
	})

	// A later edition answers it: the page shows what moved.
	must(t, os.WriteFile(file, []byte(strings.Replace(latin1, "77001", "11", 1)), 0o600))
	mx.open(a.url + a.slug(t) + "/figures?indicator=" + id + "&mapping=sesnsp-homicide")
	mx.upload("file", file)
	mx.press("main form button.govuk-button")
	mx.says("0 cifras son nuevas", "1 cifra se revisa", "11 cifras son iguales a las registradas", "−76,990")
	mx.press("main form[action$='/preview'] button")
	mx.sign(a, "line-lead-drugs", 1)
	mx.sign(a, "line-lead-drugs", 2)
	mx.open(a.url + a.slug(t) + "/indicators/" + id + "?area=MX-COL&period=month")
	mx.says("Lo que se movió", "1 cifra revisada")
	mx.accessible()
}

// Figures that no file holds are typed; what is wrong stands at its field.
func TestFiguresAreTyped(t *testing.T) {
	s := example(t)
	x := s.sides["US"]
	b := newTab(t)
	b.signIn(x, "desk", "en")
	b.open(x.url + x.slug(t) + "/indicators/" + x.measure(t, "tunnels-discovered").String())
	b.press("main a[href$='/add']")
	b.fill(map[string]string{"value.1": "1.5", "start.1": "2019-10-01", "end.1": "2020-09-30"})
	b.press("main form button.govuk-button")
	b.says("has a fraction")
	b.fill(map[string]string{"value.1": "7", "end.1": "2019-09-30", "start.2": "2020-10-01", "end.2": "2021-09-30"})
	b.press("main form button.govuk-button")
	b.says("Enter a number, or say that there is no figure", "no pair of days")
	b.fill(map[string]string{"end.1": "2020-09-30"})
	evaluate[chromedp.Void](b, `document.querySelector("[name=\"status.2\"]").value = "missing"`)
	b.press("main form button.govuk-button")
	b.says("The figures wait as a draft", "October 2019 to September 2020", "no figure")
	b.press(`form[action$="/drop"] button`)
}
