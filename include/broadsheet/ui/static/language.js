// Airflow keeps the language chosen in its UI where only scripts can read it: tell the server by a cookie, and load the page anew once.
(() => {
  const chosen = localStorage.getItem("i18nextLng");
  if (!chosen || !/^[A-Za-z-]{2,12}$/.test(chosen)) return;
  const wanted = `broadsheet_language=${chosen}`;
  const isSet = () => document.cookie.split("; ").includes(wanted);
  if (isSet()) return;
  document.cookie = `${wanted}; path=/; max-age=31536000; SameSite=Lax`;
  if (isSet() && document.documentElement.lang.slice(0, 2) !== chosen.slice(0, 2)) location.replace(location.href);
})();
