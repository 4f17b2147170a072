// The page's words in both languages, as the server writes them from its catalogue of messages.
const texts = JSON.parse(document.getElementById('texts').textContent);

let language = localStorage.getItem('explorer.language') ?? document.documentElement.lang.slice(0, 2);

export const text = (key) => texts[language][key];

export function showLanguage() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = text(element.dataset.text);
  const button = document.getElementById('language');
  button.textContent = language === 'zh' ? 'English' : '中文';
  button.lang = language === 'zh' ? 'en' : 'zh';
}

export function switchLanguage() {
  language = language === 'zh' ? 'en' : 'zh';
  localStorage.setItem('explorer.language', language);
  showLanguage();
}
