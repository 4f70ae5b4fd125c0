//! The shop page: files that are part of the program, so that it runs from anywhere.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Resource};

/// Only what comes from here is run or loaded.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        const FILES: &[(&str, &str)] = &[$(($path, include_str!(concat!("../web/", $path)))),+];
    };
}

files![
    "account.css",
    "api.js",
    "checkout.js",
    "clock.js",
    "countdown.js",
    "format.js",
    "goods.js",
    "i18n.js",
    "icon.svg",
    "index.html",
    "keys.js",
    "live.js",
    "main.js",
    "membership.js",
    "navigation.js",
    "order-actions.js",
    "order-book.js",
    "order-list.js",
    "outcome.css",
    "panel-state.js",
    "pay.css",
    "plans.css",
    "problem-words.js",
    "purchase-view.js",
    "rough-time.js",
    "screen.js",
    "shop-floor.js",
    "shop.css",
    "storage.js",
    "style.css",
    "texts/en.js",
    "texts/zh.js",
    "upgrade.js",
    "view/account.js",
    "view/channels.js",
    "view/element.js",
    "view/frame.js",
    "view/notices.js",
    "view/orders.js",
    "view/packages.js",
    "view/pay-actions.js",
    "view/pay-panel.js",
    "view/plans.js",
    "view/qr-code.js",
    "view/quote-panel.js",
    "view/resume.js",
    "view/shelf.js",
    "view/shop.js",
    "view/stage.js",
];

pub(crate) fn configure(config: &mut ServiceConfig) {
    for &(path, text) in FILES {
        let answer = move || async move { file(path, text) };
        config.service(Resource::new(format!("/{path}")).get(answer));
        if path == "index.html" {
            config.route("/", web::get().to(answer));
        }
    }
}

fn file(path: &str, text: &'static str) -> HttpResponse {
    let kind = match path.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn collect(folder: &Path, root: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, root, found);
            } else {
                found.push(
                    path.strip_prefix(root)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                );
            }
        }
    }

    #[test]
    fn every_file_of_the_page_is_served() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
        let mut found = Vec::new();
        collect(&root, &root, &mut found);
        found.sort();
        let mut served: Vec<_> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        served.sort();
        assert_eq!(found, served);
    }

    /// The names of the texts, in the order of their file.
    fn names(path: &str) -> Vec<&'static str> {
        let (_, text) = FILES.iter().find(|(known, _)| *known == path).unwrap();
        text.lines()
            .filter_map(|line| line.strip_prefix("  ")?.split_once(": \""))
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn every_text_is_there_in_both_languages() {
        let chinese = names("texts/zh.js");
        assert!(chinese.len() > 100, "{chinese:?}");
        assert_eq!(chinese, names("texts/en.js"));
    }
}
